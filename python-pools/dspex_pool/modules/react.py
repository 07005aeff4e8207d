"""An agent that thinks, calls a tool and reads its answer, in turns, before it fills the outputs."""

from __future__ import annotations

import dspy

from dspex_pool.modules.kind import ModuleSpec, Parameters, give_demos


class ReActKind:
    name = "ReAct"
    blocking = False
    per_call = False

    def missing(self) -> str | None:
        return None

    def build(self, spec: ModuleSpec) -> dspy.Module:
        parameters = Parameters(self.name, spec.parameters)
        max_iters = parameters.integer("maxIters", 20)
        parameters.done()
        return give_demos(dspy.ReAct(spec.signature, tools=list(spec.tools), max_iters=max_iters), spec)
