"""Results of requests by their ids alone, whoever sent them and whenever; in wire form."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import msgspec

from dspex import headers
from dspex.client.api import Api
from dspex.client.objects import Objects
from dspex.client.pending import PendingResults
from dspex.codec import decode
from dspex.errors import DspexError
from dspex.messages import Result

_ANSWER_MARGIN_S: Final = 10.0
# One wait for a result that is not there yet, and how long nobody may answer.
_WAIT_MS: Final = 30_000
_PAUSE_S: Final = 0.25
_GIVE_UP_S: Final = 60.0


class LaterResults:
    def __init__(self, api: Api, pending: PendingResults, objects: Objects) -> None:
        self._api = api
        self._pending = pending
        self._objects = objects

    async def find(self, request_id: str, wait_ms: int) -> Result | None:
        """None while it is not finished. Raises `not_found`."""
        stored = await self._pending.look(request_id)
        if stored is not None:
            return stored
        answer = await self._api.request(
            f"result.{request_id}",
            request_headers={headers.WAIT_MS: str(wait_ms)},
            timeout_s=wait_ms / 1_000 + _ANSWER_MARGIN_S,
        )
        if isinstance(answer, dict) and answer.get("status") == "pending":
            return None
        return decode(Result, answer)

    async def wait(self, request_id: str) -> Result:
        """However long the request takes. Raises `not_found`; `unavailable` when nobody can tell."""
        answered_at = time.monotonic()
        while True:
            try:
                found = await self.find(request_id, _WAIT_MS)
            except DspexError as error:
                if error.code != "unavailable" or time.monotonic() - answered_at > _GIVE_UP_S:
                    raise
                await asyncio.sleep(_PAUSE_S)
                continue
            if found is not None:
                return await self.expanded(found)
            answered_at = time.monotonic()

    async def is_there(self, request_id: str) -> bool:
        """As far as the log answers just now."""
        try:
            return await self._pending.look(request_id) is not None
        except DspexError:
            return False

    async def expanded(self, result: Result) -> Result:
        """With its references fetched."""
        if result.outputs is None:
            return result
        return msgspec.structs.replace(result, outputs=await self._objects.expand(result.outputs))
