"""An agent that writes programs which call its tools; needs Deno."""

from __future__ import annotations

import warnings

import dspy

from dspex.errors import DspexError
from dspex_pool.modules.deno import missing_deno
from dspex_pool.modules.kind import ModuleSpec, Parameters, give_demos


class CodeActKind:
    name = "CodeAct"
    # Its asynchronous form is inherited from ReAct and does not work.
    blocking = True
    per_call = False

    def missing(self) -> str | None:
        return missing_deno()

    def build(self, spec: ModuleSpec) -> dspy.Module:
        parameters = Parameters(self.name, spec.parameters)
        max_iters = parameters.integer("maxIters", 5)
        parameters.done()
        try:
            with warnings.catch_warnings():
                # Deprecated in favour of RLM, which needs another interface.
                warnings.simplefilter("ignore")
                module = dspy.CodeAct(spec.signature, tools=list(spec.tools), max_iters=max_iters)
        except ValueError as error:
            raise DspexError("module_not_found", f"{self.name}: {error}") from error
        return give_demos(module, spec)
