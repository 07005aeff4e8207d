"""Variables as an application sees them: values with their bounds and history; and, for administrators,
declaring, setting, resetting and deprecating them, and searching for better values.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from dspex.client.admin_request import admin_request
from dspex.client.api import Api
from dspex.client.observe import observe
from dspex.codec import decode, to_json
from dspex.errors import DspexError
from dspex.messages import VariableDefinition, VariableMetric
from dspex.variables_answers import (
    CommandAnswer,
    HistoryPage,
    ListPage,
    OptimizationInfo,
    PastChange,
    VariableDetails,
    VariableInfo,
)
from dspex.variables_optimize import (
    Budget,
    Objective,
    Optimization,
    list_optimizations,
    start_optimization,
)
from dspex.variables_update import VariableUpdate, check_pattern, update_of

_ATTEMPTS = 10
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class Variables:
    """`client.variables`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def list(self, pattern: str = "*", *, deprecated: bool = False) -> Sequence[VariableInfo]:
        """Those whose names a pattern means (`qa_*`), by name; deprecated ones only if they are asked for."""
        return (await self._listed(pattern, deprecated))[1]

    async def get(self, name: str) -> VariableDetails:
        """Raises `not_found`."""
        return decode(VariableDetails, await self._api.request("variable.get", {"name": name}))

    async def history(self, name: str, *, limit: int = 20) -> Sequence[PastChange]:
        """Its last changes, the newest first: who, when, why, with what result. Raises `not_found`."""
        found: Sequence[PastChange] = []
        before: int | None = None
        while True:
            body = {"name": name, "limit": limit - len(found)} | (
                {} if before is None else {"before": before}
            )
            page = decode(HistoryPage, await self._api.request("variable.history", body))
            found = [*found, *page.changes]
            before = page.before if page.changes else None
            if before is None or len(found) >= limit:
                return found

    async def register(
        self, variables: Sequence[VariableDefinition | Mapping[str, Any]], *, reason: str | None = None
    ) -> CommandAnswer:
        """Declares variables for all users, all of them or none; needs the admin right. What is declared so
        already changes nothing; a value that still fits stays.

        Raises `invalid_inputs` with the path of what does not fit; a cycle is named.
        """
        declared = [dict(one) if isinstance(one, Mapping) else to_json(one) for one in variables]
        return await self._order("register", variables=declared, reason=reason)

    async def set(
        self,
        values: Mapping[str, Any],
        *,
        reason: str | None = None,
        expect: Mapping[str, int] | None = None,
        metric: VariableMetric | None = None,
    ) -> CommandAnswer:
        """Sets values for all users, all of them or none, with everything that is computed from them; needs
        the admin right. `expect` = the versions that variables must have: nobody was faster.

        Raises `invalid_inputs` where one does not fit, `conflict` for an unexpected version, `not_found`,
        `gone`.
        """
        worth = None if metric is None else to_json(metric)
        return await self._order("set", values=dict(values), reason=reason, expect=expect, metric=worth)

    async def reset(
        self,
        names: Sequence[str],
        *,
        reason: str | None = None,
        expect: Mapping[str, int] | None = None,
    ) -> CommandAnswer:
        """Back to their defaults; needs the admin right."""
        return await self._order("reset", names=[*names], reason=reason, expect=expect)

    async def deprecate(
        self,
        name: str,
        *,
        replaced_by: str | None = None,
        reason: str | None = None,
        expect: Mapping[str, int] | None = None,
    ) -> CommandAnswer:
        """It keeps its value and takes no other; needs the admin right.

        Raises `conflict` while others need it.
        """
        return await self._order("deprecate", name=name, replacedBy=replaced_by, reason=reason, expect=expect)

    async def observe(
        self, pattern: str = "*", *, from_sequence: int | None = None, rejected: bool = False
    ) -> AsyncGenerator[VariableUpdate, None]:
        """Changes of those that a name or pattern means, from a sequence of the log on (absent: from now on):
        history, then live, without a gap and without a repetition, whatever restarts meanwhile. `rejected` =
        also commands that were refused.
        """
        check_pattern(pattern)
        seen: dict[str, int] = {}
        start = from_sequence
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                if start is None:
                    sequence, now = await self._listed(pattern, deprecated=True)
                    seen.update({one.name: one.version for one in now})
                    start = sequence + 1
                async with aclosing(observe(self._api, ["variable"], start)) as events:
                    async for event in events:
                        start = event.sequence + 1
                        pause_s = _FIRST_PAUSE_S
                        update = update_of(event, pattern, seen)
                        if update is not None and (rejected or update.verb != "rejected"):
                            yield update
            except DspexError as error:
                if error.code != "unavailable":
                    raise
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def optimize(
        self,
        variables: Sequence[str],
        objective: Objective,
        budget: Budget | None = None,
        *,
        apply: bool = True,
        priority: int | None = None,
        seed: int | None = None,
        test_rows: int | None = None,
        trial_rows: int | None = None,
        concurrency: int | None = None,
    ) -> Optimization:
        """Searches for better values of these, and puts them in force where they are surely better on
        examples that nothing was searched on (unless `apply` is false); needs the admin right. A search that
        touches variables of another one waits for it, by `priority`, 0 to 9.

        Raises `invalid_inputs` for what cannot be searched or measured; `not_found`, `gone`,
        `unknown_program`.
        """
        options = {
            "apply": apply,
            "priority": priority,
            "seed": seed,
            "testRows": test_rows,
            "trialRows": trial_rows,
            "concurrency": concurrency,
        }
        return await start_optimization(self._api, variables, objective, budget or Budget(), options)

    def optimization(self, run: str) -> Optimization:
        """A search by its name, also one of an earlier life of the application."""
        return Optimization(self._api, run)

    async def optimizations(self, *, ended: bool = False) -> Sequence[OptimizationInfo]:
        """Whose searches run and wait, in the order in which they will start; and, if asked for, those that
        have ended.
        """
        return await list_optimizations(self._api, ended=ended)

    async def _listed(self, pattern: str, deprecated: bool) -> tuple[int, Sequence[VariableInfo]]:
        """All as they are at one moment, with the sequence of the last event that is in them."""
        attempt = 1
        while True:
            page = await self._page(pattern, deprecated, None)
            sequence, found = page.sequence, [*page.variables]
            is_one = True
            while page.after is not None:
                page = await self._page(pattern, deprecated, page.after)
                found += page.variables
                is_one = is_one and page.sequence == sequence
            # Where something happened between two pages they do not belong together.
            if is_one or attempt == _ATTEMPTS:
                return sequence, found
            attempt += 1

    async def _page(self, pattern: str, deprecated: bool, after: str | None) -> ListPage:
        body = {"pattern": pattern, "deprecated": deprecated} | ({} if after is None else {"after": after})
        return decode(ListPage, await self._api.request("variable.list", body))

    async def _order(self, verb: str, **members: Any) -> CommandAnswer:
        body = {name: value for name, value in members.items() if value is not None}
        return decode(CommandAnswer, await admin_request(self._api, f"variable.{verb}", body))
