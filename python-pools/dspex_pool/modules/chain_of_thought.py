"""One model call that reasons in a field of its own before the outputs."""

from __future__ import annotations

import dspy

from dspex_pool.modules.kind import ModuleSpec, Parameters, give_demos, instructed, no_tools


class ChainOfThoughtKind:
    name = "ChainOfThought"
    blocking = False
    per_call = False

    def missing(self) -> str | None:
        return None

    def build(self, spec: ModuleSpec) -> dspy.Module:
        parameters = Parameters(self.name, spec.parameters)
        signature = instructed(spec.signature, parameters)
        parameters.done()
        no_tools(self.name, spec)
        return give_demos(dspy.ChainOfThought(signature), spec)
