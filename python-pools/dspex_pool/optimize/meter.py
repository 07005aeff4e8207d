"""What a run has spent, over all its lives, and when it may spend no more."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dspex.errors import DspexError
from dspex_pool.optimize.job import Budget
from dspex_pool.usage import AttemptUsage, Price

"""Shares of the budget after which no trial, and no validation, goes on: the winner has to be compared."""
SEARCH_SHARE: Final = 0.7
VALIDATION_SHARE: Final = 0.85
WHOLE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Spent:
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    time_ms: float = 0.0

    def plus(self, other: Spent) -> Spent:
        return Spent(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.usd + other.usd,
            self.time_ms + other.time_ms,
        )

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Spent:
        """As a trial has told it."""
        return cls(
            calls=int(told["calls"]),
            input_tokens=int(told["inputTokens"]),
            output_tokens=int(told["outputTokens"]),
            usd=float(told["costUsd"]),
            time_ms=float(told["timeMs"]),
        )

    def to_json(self) -> dict[str, float | int]:
        return {
            "calls": self.calls,
            "inputTokens": self.input_tokens,
            "outputTokens": self.output_tokens,
            "costUsd": self.usd,
            "timeMs": round(self.time_ms),
        }


class BudgetSpentError(DspexError):
    """Nothing is wrong: what was found so far counts."""

    def __init__(self, what: str) -> None:
        super().__init__("budget_exceeded", what)


def check_spent(spent: Spent, budget: Budget, share: float) -> None:
    """@raises BudgetSpentError when that share of the budget is spent"""
    for what, used, most in (
        ("calls", spent.calls, budget.calls),
        ("tokens", spent.input_tokens + spent.output_tokens, budget.tokens),
        ("USD", spent.usd, budget.usd),
        ("ms", spent.time_ms, budget.time_ms),
    ):
        if most is not None and used >= most * share:
            raise BudgetSpentError(f"{used:g} of {most:g} {what} are spent")


class Meter(AttemptUsage):
    """Takes the place of the attempt's own count: DSPy tells it of every call, and asks before each."""

    def __init__(self, price: Price, budget: Budget, attempt: AttemptUsage) -> None:
        """`attempt`: the budget that the request itself came with counts as well."""
        super().__init__(price, attempt.budget)
        self._run_budget = budget
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._earlier = Spent()
        self._calls = 0
        self.share = SEARCH_SHARE

    def remember(self, earlier: Spent) -> None:
        """What a life before this one has spent."""
        self._earlier = earlier

    def spent(self) -> Spent:
        here = Spent(
            self._calls,
            self.input_tokens,
            self.output_tokens,
            self.cost_usd or 0.0,
            (time.monotonic() - self._began) * 1_000,
        )
        return self._earlier.plus(here)

    def add_usage(self, lm: str, usage_entry: dict[str, object]) -> None:
        with self._lock:
            self._calls += 1
            super().add_usage(lm, usage_entry)

    def add_call(self, lm: str, input_tokens: int, output_tokens: int) -> None:
        """A call that DSPy knows nothing of."""
        self.add_usage(lm, {"prompt_tokens": input_tokens, "completion_tokens": output_tokens})

    def check_budget(self) -> None:
        super().check_budget()
        check_spent(self.spent(), self._run_budget, self.share)
