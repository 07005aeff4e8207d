"""Several chains of thought at a higher temperature, then one call that compares them and answers."""

from __future__ import annotations

from typing import Any

import dspy

from dspex_pool.modules.kind import ModuleSpec, Parameters, give_demos, no_tools


class Compared(dspy.Module):  # type: ignore[misc]  # dspy has no types
    def __init__(self, signature: type[dspy.Signature], chains: int, temperature: float) -> None:
        super().__init__()
        self.chains = chains
        self.temperature = temperature
        self.think = dspy.ChainOfThought(signature)
        self.compare = dspy.MultiChainComparison(signature, M=chains, temperature=temperature)

    def forward(self, **inputs: Any) -> dspy.Prediction:
        completions = [
            self.think(**inputs, config={"temperature": self.temperature, "rollout_id": chain})
            for chain in range(1, self.chains + 1)
        ]
        return self.compare([completion.toDict() for completion in completions], **inputs)


class MultiChainComparisonKind:
    name = "MultiChainComparison"
    # The comparison has no asynchronous form.
    blocking = True
    per_call = False

    def missing(self) -> str | None:
        return None

    def build(self, spec: ModuleSpec) -> dspy.Module:
        parameters = Parameters(self.name, spec.parameters)
        chains = parameters.integer("m", 3, least=2, most=10)
        temperature = parameters.number("temperature", 0.7)
        parameters.done()
        no_tools(self.name, spec)
        return give_demos(Compared(spec.signature, chains, temperature), spec)
