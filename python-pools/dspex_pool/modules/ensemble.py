"""Several calls with other demonstrations or instructions, and the answer that most of them give.

Parameters: `members`, a list of `{demos: [places in the implementation's demos], instructions?}`, and
`module`, Predict or ChainOfThought, which each member asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dspy

from dspex.errors import DspexError
from dspex_pool.modules.kind import ModuleSpec, Parameters, no_tools
from dspex_pool.modules.knn_few_shot import ASKED

MAX_MEMBERS = 16


class EnsembleKind:
    name = "Ensemble"
    # DSPy's program has no asynchronous form.
    blocking = True
    per_call = False

    def missing(self) -> str | None:
        return None

    def build(self, spec: ModuleSpec) -> dspy.Module:
        parameters = Parameters(self.name, spec.parameters)
        asked = parameters.text("module") or "Predict"
        members = parameters.sequence("members")
        parameters.done()
        no_tools(self.name, spec)
        if asked not in ASKED:
            raise DspexError("module_not_found", f'{self.name} asks {" or ".join(ASKED)}, not "{asked}"')
        if not 1 <= len(members) <= MAX_MEMBERS:
            raise DspexError(
                "module_not_found",
                f"parameter members of {self.name}: expected 1 to {MAX_MEMBERS}, got {len(members)}",
            )
        programs = [_member(self.name, ASKED[asked], spec, one) for one in members]
        return dspy.Ensemble(reduce_fn=_most_common).compile(programs)


def _member(kind: str, asked: Any, spec: ModuleSpec, member: Any) -> dspy.Module:
    places = member.get("demos", []) if isinstance(member, Mapping) else None
    instructions = member.get("instructions") if isinstance(member, Mapping) else None
    if (
        not isinstance(places, list)
        or not all(isinstance(at, int) and 0 <= at < len(spec.demos) for at in places)
        or not isinstance(instructions, str | None)
    ):
        raise DspexError(
            "module_not_found",
            f"a member of {kind}: expected {{demos: [places among {len(spec.demos)} demos], instructions?}}, "
            f"got {str(member)[:80]!r}",
        )
    signature = spec.signature if instructions is None else spec.signature.with_instructions(instructions)
    module = asked(signature)
    for predictor in module.predictors():
        predictor.demos = [spec.demos[at] for at in places]
    return module


def _most_common(answers: list[dspy.Prediction]) -> dspy.Prediction:
    """By the last output; of a tie the first."""
    return dspy.majority(answers, normalize=lambda value: str(value).strip().casefold())
