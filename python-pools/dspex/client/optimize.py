"""Optimisations of programs: started, followed trial by trial, cancelled. A run goes on without the client
that started it, and who follows it waits for a service that restarts meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from dspex.client.admin_request import admin_request
from dspex.client.api import Api
from dspex.client.objects import Objects
from dspex.client.optimize_answers import OptimizationState
from dspex.codec import decode
from dspex.errors import DspexError

"""An answer waits for so long for something new."""
_WAIT_MS: Final = 10_000
_ANSWER_MARGIN_S: Final = 10.0
"""Rows are checked, and may be taken from the log first."""
_START_TIMEOUT_S: Final = 60.0
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0


async def start_optimization(
    api: Api,
    name: str,
    rows: Sequence[Mapping[str, Any]] | None,
    settings: Mapping[str, Any],
) -> ProgramOptimization:
    given = {key: value for key, value in settings.items() if value is not None}
    shrunk = {} if rows is None else await Objects(api).shrink({"rows": [dict(row) for row in rows]})
    body = {"name": name, **given, **shrunk}
    begun = await admin_request(api, "program.optimize", body, timeout_s=_START_TIMEOUT_S)
    return ProgramOptimization(api, begun["run"], begun["id"])


class ProgramOptimization:
    """A run; `request_id` is that of its request."""

    def __init__(self, api: Api, run: str, request_id: str) -> None:
        self.run = run
        self.request_id = request_id
        self._api = api

    async def status(self, seen: int | None = None) -> OptimizationState:
        """How far it is; `seen`: answered as soon as other trials are done, within ten seconds."""
        body = {"run": self.run} | ({} if seen is None else {"seen": seen, "waitMs": _WAIT_MS})
        timeout_s = _WAIT_MS / 1_000 + _ANSWER_MARGIN_S
        return decode(
            OptimizationState, await self._api.request("program.optimization", body, timeout_s=timeout_s)
        )

    async def progress(self) -> AsyncGenerator[OptimizationState, None]:
        """Each state that differs by a trial, the last one when it has ended."""
        state = await self._soon(None)
        yield state
        while state.status == "running":
            before = state.tried
            state = await self._soon(before)
            if state.status != "running" or state.tried > before:
                yield state

    async def result(self) -> OptimizationState:
        """With its report, once it has finished. Raises what it failed with, or `cancelled`."""
        async with aclosing(self.progress()) as states:
            async for state in states:
                if state.status == "cancelled":
                    raise DspexError("cancelled", f"optimisation {self.run} was cancelled")
                if state.error is not None:
                    raise DspexError.from_wire(state.error)
                if state.status == "finished":
                    return state
        raise DspexError("internal", f"optimisation {self.run} ended without a report")

    async def cancel(self) -> None:
        await self._api.request(f"cancel.{self.request_id}")

    async def _soon(self, seen: int | None) -> OptimizationState:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                return await self.status(seen)
            except DspexError as error:
                if error.code != "unavailable":
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
