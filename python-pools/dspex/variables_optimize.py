"""A search for better values as an application sees it: started, followed, waited for, cancelled. It goes on
whoever follows it; a service that restarts meanwhile is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal

from dspex.client.admin_request import admin_request
from dspex.client.api import Api
from dspex.client.objects import Objects
from dspex.codec import decode
from dspex.errors import DspexError
from dspex.variables_answers import OptimizationInfo, OptimizationList

Measure = Literal["quality", "latencyMs", "tokens", "costUsd"]

_WAIT_MS = 10_000
_ANSWER_S = 20.0
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_OVER = ("finished", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What is measured: a program, whole, by requests with the variables overridden.

    `data`: examples `{"inputs": …, "outputs": …, "split"?: …}`. `metric`: `exact`, `f1`, `contains`,
    `semantic` (`embeddings`: a package or `module:fn`), `llm-judge` (asks `judge_model`), or `module:fn`.
    `measures`: what counts; of several those are shown of which none is better in all.
    """

    program: str
    data: Sequence[Mapping[str, Any]]
    metric: str = "exact"
    measures: Sequence[Measure] = ("quality",)
    judge_model: str | None = None
    embeddings: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be spent in all. None = 24 trials; of the others, as much as an hour allows."""

    trials: int | None = None
    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None
    time_ms: int | None = None


async def start_optimization(
    api: Api, variables: Sequence[str], objective: Objective, budget: Budget, options: Mapping[str, Any]
) -> Optimization:
    data = await Objects(api).shrink({"data": [dict(row) for row in objective.data]})
    measured = {
        "program": objective.program,
        **data,
        "metric": objective.metric,
        "measures": [*objective.measures],
        "judgeModel": objective.judge_model,
        "embeddings": objective.embeddings,
    }
    spent = {
        "trials": budget.trials,
        "calls": budget.calls,
        "tokens": budget.tokens,
        "usd": budget.usd,
        "timeMs": budget.time_ms,
    }
    body = {
        "variables": [*variables],
        "objective": _given(measured),
        "budget": _given(spent),
        **_given(options),
    }
    answer = await admin_request(api, "variable.optimize", body)
    return Optimization(api, decode(OptimizationInfo, answer).run)


async def list_optimizations(api: Api, *, ended: bool) -> Sequence[OptimizationInfo]:
    answer = await api.request("variable.optimizations", {"ended": ended})
    return decode(OptimizationList, answer).optimizations


class Optimization:
    """One search, by its name `run`."""

    def __init__(self, api: Api, run: str) -> None:
        self._api = api
        self.run = run

    async def status(self) -> OptimizationInfo:
        """How far it is. Raises `not_found` for a run that is none, or another user's."""
        return await self._ask({})

    async def progress(self) -> AsyncGenerator[OptimizationInfo, None]:
        """How far it is, each time that it has moved, until its end."""
        seen: int | None = None
        while True:
            info = await self._moved(seen)
            if info.moved != seen or info.status in _OVER:
                yield info
            if info.status in _OVER:
                return
            seen = info.moved

    async def result(self) -> OptimizationInfo:
        """What came of it: what was found, how sure that is, and whether it is in force.

        Raises what it failed with, and `cancelled`.
        """
        async with aclosing(self.progress()) as moves:
            async for info in moves:
                if info.status == "finished":
                    return info
                if info.status == "failed" and info.error is not None:
                    raise DspexError.from_wire(info.error)
        raise DspexError("cancelled", f"optimisation {self.run} was cancelled")

    async def cancel(self) -> OptimizationInfo:
        """One that waits is over at once; one that runs, soon."""
        return decode(OptimizationInfo, await self._api.request("variable.cancel", {"run": self.run}))

    async def _moved(self, seen: int | None) -> OptimizationInfo:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await self._ask({} if seen is None else {"seen": seen, "waitMs": _WAIT_MS})
            except DspexError as error:
                if error.code != "unavailable" or self._api.is_closed:
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _ask(self, more: Mapping[str, Any]) -> OptimizationInfo:
        body = {"run": self.run, **more}
        return decode(
            OptimizationInfo, await self._api.request("variable.optimization", body, timeout_s=_ANSWER_S)
        )


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
