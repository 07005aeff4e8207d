"""One model call that fills the outputs."""

from __future__ import annotations

import dspy

from dspex_pool.modules.kind import ModuleSpec, Parameters, give_demos, instructed, no_tools


class PredictKind:
    name = "Predict"
    blocking = False
    per_call = False

    def missing(self) -> str | None:
        return None

    def build(self, spec: ModuleSpec) -> dspy.Module:
        parameters = Parameters(self.name, spec.parameters)
        signature = instructed(spec.signature, parameters)
        parameters.done()
        no_tools(self.name, spec)
        return give_demos(dspy.Predict(signature), spec)
