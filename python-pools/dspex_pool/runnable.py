"""Ways to run an implementation, one call each: a DSPy module, a user's function, a built-in."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Protocol

import dspy

from dspex.errors import DspexError
from dspex.signature import Signature
from dspex.signature.dspy_bridge import from_dspy_outputs, to_dspy_inputs
from dspex_pool.attempt_context import running_attempt
from dspex_pool.blocking import Blocking
from dspex_pool.builtin_entries import Builtin

Values = dict[str, Any]


class Runnable(Protocol):
    """Exceptions out of it are the user's own code's."""

    users_code: bool
    """Short and without models: it needs no DSPy context and no thread."""
    inline: bool

    def module(self) -> dspy.Module | None:
        """The module of the next call, where there is one whose text can be streamed."""

    async def run(self, module: dspy.Module | None, values: Values) -> Values:
        """Outputs by name, not yet checked."""


class ModuleRunnable:
    """A DSPy module made from the program's signature."""

    users_code = False
    inline = False

    def __init__(
        self, signature: Signature, make: Callable[[], dspy.Module], blocking: Blocking | None, per_call: bool
    ) -> None:
        """`blocking`: run it there, for it has no asynchronous form."""
        self._signature = signature
        self._make = make
        self._blocking = blocking
        # Made at once even if each call gets its own: what is wrong with its settings shows now.
        self._shared = make()
        self._per_call = per_call

    def module(self) -> dspy.Module:
        return self._make() if self._per_call else self._shared

    async def run(self, module: dspy.Module | None, values: Values) -> Values:
        chosen = self._shared if module is None else module
        arguments = to_dspy_inputs(self._signature, values)
        if self._blocking is not None:
            prediction = await self._blocking.run(chosen, **arguments)
        else:
            prediction = await chosen.acall(**arguments)
        if prediction is None:
            # All its tries failed, and it kept why to itself.
            attempt = running_attempt()
            if attempt is not None and attempt.last_model_error is not None:
                raise attempt.last_model_error
            raise DspexError(
                "output_parse_error", f"{type(chosen).__name__} got no answer that it could read"
            )
        return from_dspy_outputs(self._signature, prediction)


class EntryRunnable:
    """A user's function or `dspy.Module`. Its arguments are the inputs, as Python values."""

    users_code = True
    inline = False

    def __init__(self, signature: Signature, target: Callable[..., Any], blocking: Blocking) -> None:
        self._outputs = [field.name for field in signature.outputs]
        self._target = target
        self._blocking = blocking
        self._module = target if isinstance(target, dspy.Module) else None

    def module(self) -> dspy.Module | None:
        return self._module

    async def run(self, module: dspy.Module | None, values: Values) -> Values:  # noqa: ARG002
        if self._module is not None:
            if hasattr(self._module, "aforward"):
                returned = await self._module.acall(**values)
            else:
                returned = await self._blocking.run(self._module, **values)
        elif inspect.iscoroutinefunction(self._target):
            returned = await self._target(**values)
        else:
            returned = await self._blocking.run(self._target, **values)
            if inspect.isawaitable(returned):
                returned = await returned
        return self._named(returned)

    def _named(self, returned: Any) -> Values:
        """A prediction may have more than the outputs; one output may be returned bare."""
        if isinstance(returned, dspy.Prediction):
            return {name: returned[name] for name in self._outputs if name in returned}
        if isinstance(returned, dict):
            return returned
        if len(self._outputs) == 1:
            return {self._outputs[0]: returned}
        raise DspexError(
            "output_invalid",
            f"expected a dict with {', '.join(self._outputs)}, got {type(returned).__name__}",
        )


class InlineRunnable:
    """A built-in of this pool."""

    users_code = False
    inline = True

    def __init__(self, signature: Signature, function: Builtin) -> None:
        self._outputs = [field.name for field in signature.outputs]
        self._function = function

    def module(self) -> None:
        return None

    async def run(self, module: dspy.Module | None, values: Values) -> Values:  # noqa: ARG002
        return self._function(values, self._outputs)
