"""The model writes a program whose output answers; needs Deno."""

from __future__ import annotations

import dspy

from dspex_pool.modules.deno import missing_deno
from dspex_pool.modules.kind import ModuleSpec, Parameters, give_demos, no_tools


class ProgramOfThoughtKind:
    name = "ProgramOfThought"
    # It has no asynchronous form.
    blocking = True
    per_call = False

    def missing(self) -> str | None:
        return missing_deno()

    def build(self, spec: ModuleSpec) -> dspy.Module:
        parameters = Parameters(self.name, spec.parameters)
        max_iters = parameters.integer("maxIters", 3)
        parameters.done()
        no_tools(self.name, spec)
        return give_demos(dspy.ProgramOfThought(spec.signature, max_iters=max_iters), spec)
