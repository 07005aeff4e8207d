"""Requests of a trial: ordinary ones of the run's user, through gateway and router, with variables
overridden. What they cost is counted here, and no more of them are made than the budget allows.

Each has a number that follows from trial and example: after a crash the same request gets its first answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from dspex.errors import DspexError
from dspex_pool.attempt_context import AttemptContext
from dspex_pool.optimize.job import Budget
from dspex_pool.optimize.meter import SEARCH_SHARE, Spent, check_spent
from dspex_pool.optimize.splits import Example
from dspex_pool.optimize.variables.space import Values

"""Whatever is asked, it would fail like this: the run cannot go on."""
FATAL: Final = frozenset(
    {"unknown_program", "unknown_version", "not_allowed", "id_conflict", "invalid_inputs"}
)
"""Nothing ran, and it passes."""
PASSING: Final = frozenset({"circuit_open", "overloaded"})
MOST_TRIES: Final = 4
LONGEST_PAUSE_S: Final = 10.0
"""Of all first tries: a second one has a number of its own."""
NUMBERS: Final = 100_000_000
VARIABLES: Final = "variables."


class InfeasibleError(Exception):
    """These values may not be together; nothing ran."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one request; `outputs` is None where it failed."""

    outputs: Mapping[str, Any] | None
    latency_ms: float
    tokens: int
    cost_usd: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Question:
    number: int
    example: Example
    """None = what is in force."""
    values: Values | None


class Ask(Protocol):
    """The result of one request, as the log has it."""

    async def __call__(
        self, inputs: Mapping[str, Any], number: int, variables: Values | None
    ) -> dict[str, Any]: ...


class Asker:
    """All requests of one run. In a thread; what asks runs on the loop."""

    def __init__(
        self, ask: Ask, wait_for: Any, attempt: AttemptContext, budget: Budget, concurrency: int
    ) -> None:
        """`wait_for`: runs a coroutine on the loop and waits for it."""
        self._ask = ask
        self._wait_for = wait_for
        self._attempt = attempt
        self._budget = budget
        self._concurrency = concurrency
        self._earlier = Spent()
        self._here = Spent()
        self._began = time.monotonic()
        self.share = SEARCH_SHARE

    def remember(self, earlier: Spent) -> None:
        """What a life before this one has spent."""
        self._earlier = earlier

    def spent(self) -> Spent:
        here = replace(self._here, time_ms=(time.monotonic() - self._began) * 1_000)
        return self._earlier.plus(here)

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """In order. The first one goes alone: where its values may not be together, no other is asked.

        @raises InfeasibleError, BudgetSpentError; DspexError for what ends the run
        """
        found: list[Answer] = []
        size = self._concurrency * 2
        batches = [questions[:1], *(questions[at : at + size] for at in range(1, len(questions), size))]
        for batch in batches:
            self.check()
            results: list[dict[str, Any]] = self._wait_for(self._together(batch))
            found += [self._answer(result) for result in results]
        return found

    async def _together(self, batch: Sequence[Question]) -> list[dict[str, Any]]:
        limit = asyncio.Semaphore(self._concurrency)

        async def one(question: Question) -> dict[str, Any]:
            async with limit:
                return await self._patiently(question)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(question)) for question in batch]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return [task.result() for task in tasks]

    async def _patiently(self, question: Question) -> dict[str, Any]:
        """What came before may have filled a queue or opened a breaker: these values are not to blame."""
        again = 0
        while True:
            number = question.number + again * NUMBERS
            result = await self._ask(question.example.inputs, number, question.values)
            error, again = result.get("error"), again + 1
            if error is None or error["code"] not in PASSING or again == MOST_TRIES:
                return result
            await asyncio.sleep(min(float(error.get("retryAfterMs") or 1_000) / 1_000, LONGEST_PAUSE_S))

    def _answer(self, result: dict[str, Any]) -> Answer:
        usage, error = result["usage"], result.get("error")
        given, made = int(usage["inputTokens"]), int(usage["outputTokens"])
        cost = usage.get("costUsd")
        self._here = self._here.plus(
            Spent(calls=1, input_tokens=given, output_tokens=made, usd=float(cost or 0.0))
        )
        if error is not None:
            self._check_error(error)
        return Answer(
            outputs=result.get("outputs") if result["status"] == "succeeded" else None,
            latency_ms=float(result["timings"]["totalMs"]),
            tokens=given + made,
            cost_usd=None if cost is None else float(cost),
            error=None if error is None else f"{error['code']}: {error['message']}",
        )

    def _check_error(self, error: Mapping[str, Any]) -> None:
        code, path = error["code"], str(error.get("path") or "")
        if code == "invalid_inputs" and path.startswith(VARIABLES):
            raise InfeasibleError(str(error["message"]))
        if code in FATAL:
            raise DspexError(code, str(error["message"]), path=path or None)

    def check(self) -> None:
        """@raises BudgetSpentError when no more may be spent; DspexError when nobody wants the answer."""
        self._attempt.check()
        check_spent(self.spent(), self._budget, self.share)
