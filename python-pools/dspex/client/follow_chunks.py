"""The chunks of one request behind a place, from the gateway, for as long as there are some: over lost
connections and gateways that die it asks again from where it is. With back-pressure it tells how far it has
come, also while its reader takes its time.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

from dspex.client.api import Api, MorePieces
from dspex.codec import decode_bytes
from dspex.errors import DspexError
from dspex.messages import Chunk

# Keep-alives come each 1.5 s.
_SILENCE_S: Final = 4.5
_FIRST_PAUSE_S: Final = 0.02
_LONGEST_PAUSE_S: Final = 1.0
# Without any answer: while there is a result, and while there is none.
_GIVE_UP_WITH_RESULT_S: Final = 2.0
_GIVE_UP_S: Final = 60.0
# A request that the log does not know after this was never sent.
_STORED_BY_S: Final = 1.0
_RENEW_S: Final = 3.0
# A reader that takes nothing for so long is not waited for any more.
_STALLED_S: Final = 60.0

Place = tuple[int, int, int]
"""Attempt, delivery, index."""


def place_of(chunk: Chunk) -> Place:
    return chunk.attempt, chunk.delivery, chunk.index


class Follower:
    def __init__(
        self,
        api: Api,
        request_id: str,
        *,
        after: Place | None,
        room: int | None,
        is_own: bool,
        has_result: Callable[[], Awaitable[bool]],
    ) -> None:
        """`room`: chunks that the producer may be ahead; None: it does not wait. `is_own`: this client has
        sent the request, so who does not know it is behind. `has_result`: chunks that nobody hands out need
        not be waited for.
        """
        self._api = api
        self._verb = f"chunks.{request_id}"
        self._reader = secrets.token_hex(9)
        self._place = after
        self._room = room
        self._is_own = is_own
        self._is_known = is_own
        self._has_result = has_result
        self._taken_at = time.monotonic()
        # In a row, and when the first of them came.
        self._failures = 0
        self._trouble_since = 0.0

    async def chunks(self) -> AsyncGenerator[Chunk, None]:
        renewing = None if self._room is None else asyncio.ensure_future(self._renew())
        try:
            async with aclosing(self._follow()) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            if renewing is not None:
                renewing.cancel()
                with contextlib.suppress(DspexError):
                    await self._api.request(self._verb, {"reader": self._reader}, timeout_s=1)

    async def _follow(self) -> AsyncGenerator[Chunk, None]:
        asks = True
        while asks:
            asks = False
            expected = 0
            try:
                body = self._position() | self._credit() or None
                async with aclosing(self._api.pieces(self._verb, body, silence_s=_SILENCE_S)) as pieces:
                    async for piece in pieces:
                        self._is_known = True
                        if isinstance(piece, MorePieces):
                            asks = True
                            continue
                        if piece.position != expected:
                            raise DspexError("unavailable", f"piece {expected} was lost", retryable=True)
                        expected += 1
                        self._failures = 0
                        chunk = decode_bytes(Chunk, piece.data)
                        if self._place is not None and place_of(chunk) <= self._place:
                            continue
                        self._place = place_of(chunk)
                        # The last piece may be the lost one: asked again until one says that it is the last.
                        asks = not chunk.final
                        self._taken_at = time.monotonic()
                        yield chunk
            except DspexError as error:
                if self._failures == 0:
                    self._trouble_since = time.monotonic()
                self._failures += 1
                if not self._is_for_now(error):
                    raise
                if self._trouble_s > _GIVE_UP_WITH_RESULT_S and await self._has_result():
                    return
                if not self._is_own and self._trouble_s > _GIVE_UP_S:
                    raise
                await asyncio.sleep(min(_FIRST_PAUSE_S * 2 ** min(self._failures, 10), _LONGEST_PAUSE_S))
                asks = True

    @property
    def _trouble_s(self) -> float:
        return time.monotonic() - self._trouble_since

    def _is_for_now(self, error: DspexError) -> bool:
        if error.code == "not_found":
            # It may have been sent a moment ago.
            return self._is_known or self._trouble_s < _STORED_BY_S
        return error.code in ("unavailable", "overloaded")

    def _position(self) -> dict[str, Any]:
        if self._place is None:
            return {}
        attempt, delivery, index = self._place
        return {"attempt": attempt, "delivery": delivery, "after": index}

    def _credit(self) -> dict[str, Any]:
        return {} if self._room is None else {"reader": self._reader, "room": self._room}

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_S)
            if time.monotonic() - self._taken_at > _STALLED_S:
                continue
            # Lost is lost: the next one comes soon, and who is silent is not waited for.
            with contextlib.suppress(DspexError):
                await self._api.request(self._verb, self._position() | self._credit() | {"renew": True})
