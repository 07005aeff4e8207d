"""The agent on the model's own tool calls; needs a model with the capability `tools`."""

from __future__ import annotations

import warnings

import dspy

from dspex.errors import DspexError
from dspex_pool.modules.kind import ModuleSpec, Parameters, give_demos


class ReActV2Kind:
    name = "ReActV2"
    blocking = False
    per_call = False

    def missing(self) -> str | None:
        return None

    def build(self, spec: ModuleSpec) -> dspy.Module:
        parameters = Parameters(self.name, spec.parameters)
        max_iters = parameters.integer("maxIters", 20)
        parameters.done()
        try:
            with warnings.catch_warnings():
                # It is marked as experimental, once a construction.
                warnings.simplefilter("ignore")
                module = dspy.ReActV2(spec.signature, tools=list(spec.tools), max_iters=max_iters)
        except ValueError as error:
            # A field or tool name that it keeps for itself.
            raise DspexError("module_not_found", f"{self.name}: {error}") from error
        return give_demos(module, spec)
