"""What BestOfN and Refine share: they run another kind several times and keep the answer with the highest
reward.

Parameters: `module` (the inner kind, Predict by default) with its own `moduleParameters`, `n`, `threshold`
and `reward`, the name of a function of the users' modules (inputs, prediction) -> float. Without one an
answer is worth 1 when it keeps the signature's constraints and 0 when it does not, which a retry can be
expected to mend.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import dspy

from dspex.errors import DspexError
from dspex_pool.modules.chain_of_thought import ChainOfThoughtKind
from dspex_pool.modules.kind import ModuleKind, ModuleSpec, Parameters, no_tools
from dspex_pool.modules.predict import PredictKind
from dspex_pool.modules.react import ReActKind

_INNER: dict[str, ModuleKind] = {
    kind.name: kind for kind in (PredictKind(), ChainOfThoughtKind(), ReActKind())
}
_WITHOUT_TOOLS = ("Predict", "ChainOfThought")


def build_rewarded(kind: str, outer: Callable[..., dspy.Module], spec: ModuleSpec) -> dspy.Module:
    parameters = Parameters(kind, spec.parameters)
    inner_name = parameters.text("module") or "Predict"
    inner_parameters = parameters.mapping("moduleParameters")
    n = parameters.integer("n", 3, most=20)
    threshold = parameters.number("threshold", 1.0)
    reward_name = parameters.text("reward")
    parameters.done()
    inner = _INNER.get(inner_name)
    if inner is None:
        known = ", ".join(_INNER)
        raise DspexError("module_not_found", f'{kind} runs one of {known}, not "{inner_name}"')
    if inner_name in _WITHOUT_TOOLS:
        no_tools(inner_name, spec)
    module = inner.build(
        ModuleSpec(
            signature=spec.signature,
            parameters=inner_parameters,
            tools=spec.tools,
            demos=spec.demos,
            valid=spec.valid,
            function=spec.function,
        )
    )
    reward = spec.valid if reward_name is None else _checked(kind, reward_name, spec.function(reward_name))
    return outer(module=module, N=n, reward_fn=reward, threshold=threshold)


def _checked(kind: str, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A coroutine is no reward: these kinds run in a thread and do not await."""
    if inspect.iscoroutinefunction(function):
        raise DspexError("module_not_found", f'{kind}: reward "{name}" must be a plain function')
    return function
