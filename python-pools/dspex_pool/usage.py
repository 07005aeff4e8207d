"""Counts tokens and money of one attempt, failed calls and calls from other threads included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dspy.utils.callback import ACTIVE_CALL_ID
from dspy.utils.usage_tracker import UsageTracker

from dspex.errors import DspexError
from dspex.messages import Usage

"""Price of (LM name, input tokens, output tokens) in dollars; None = no price is known."""
Price = Callable[[str, int, int], float | None]


@dataclass(frozen=True, slots=True)
class Budget:
    tokens: int | None = None
    usd: float | None = None


def read_budget(settings: dict[str, Any]) -> Budget:
    """`budget` of the work's settings, `{tokens?, usd?}`."""
    given = settings.get("budget")
    if not isinstance(given, dict):
        return Budget()
    return Budget(tokens=given.get("tokens"), usd=given.get("usd"))


class AttemptUsage(UsageTracker):  # type: ignore[misc]  # dspy has no types
    """DSPy adds to it after each call; one tracker for all threads of an attempt."""

    def __init__(self, price: Price, budget: Budget) -> None:
        super().__init__()
        self._price = price
        self.budget = budget
        self.input_tokens = 0
        self.output_tokens = 0
        self.cost_usd: float | None = None
        # By DSPy's id of the call, for the call's trace span, which is told nothing else of usage.
        self.by_call: dict[str, tuple[int, int]] = {}

    def __deepcopy__(self, _: dict[int, Any]) -> AttemptUsage:
        # DSPy copies the tracker for each thread of Parallel and the optimisers; theirs would be lost.
        return self

    def add_usage(self, lm: str, usage_entry: dict[str, Any]) -> None:
        super().add_usage(lm, usage_entry)
        given = int(usage_entry.get("prompt_tokens") or 0)
        made = int(usage_entry.get("completion_tokens") or 0)
        self.input_tokens += given
        self.output_tokens += made
        cost = self._price(lm, given, made)
        if cost is not None:
            self.cost_usd = (self.cost_usd or 0.0) + cost
        call_id = ACTIVE_CALL_ID.get()
        if call_id is not None:
            self.by_call[call_id] = (given, made)

    def check_budget(self) -> None:
        """@raises DspexError `budget_exceeded` when what was spent leaves nothing for another call."""
        tokens = self.input_tokens + self.output_tokens
        if self.budget.tokens is not None and tokens >= self.budget.tokens:
            raise DspexError("budget_exceeded", f"{tokens} of {self.budget.tokens} tokens are spent")
        if self.budget.usd is not None and (self.cost_usd or 0.0) >= self.budget.usd:
            raise DspexError("budget_exceeded", f"{self.cost_usd} of {self.budget.usd} USD are spent")

    def total(self) -> Usage:
        return Usage(input_tokens=self.input_tokens, output_tokens=self.output_tokens, cost_usd=self.cost_usd)
