"""Events of the log that belong to this user, as async iterators: one request's story, or everything from a
sequence on, history first and then live. The next pieces are asked for when the last were taken: that is the
back-pressure.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from dspex.client.api import Api, InterruptedAnswerError, MorePieces
from dspex.codec import decode
from dspex.errors import DspexError
from dspex.message import Message
from dspex.wire_json import loads

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class StoryEvent(Message, frozen=True, kw_only=True):
    """One event of the log. `time` is the log's timestamp, RFC 3339."""

    sequence: int
    time: str
    subject: str
    type: str
    data: Any = None


async def story(api: Api, request_id: str) -> AsyncGenerator[StoryEvent, None]:
    """Everything that the log holds of one request so far, in order."""
    async with aclosing(api.pieces(f"log.{request_id}")) as pieces:
        async for piece in pieces:
            if not isinstance(piece, MorePieces):
                yield decode(StoryEvent, loads(piece.data))


async def observe(
    api: Api, kinds: Sequence[str] | None, start: int | None
) -> AsyncGenerator[StoryEvent, None]:
    """History from `start` (a sequence), then live; without it only what comes from now on. A reader that
    knows where it is, and is cut off by a restart of server or gateway, goes on from there.
    """
    is_begun = False
    pause_s = _FIRST_PAUSE_S
    while True:
        body = ({} if kinds is None else {"kinds": list(kinds)}) | ({} if start is None else {"from": start})
        try:
            async with aclosing(api.pieces("observe", body)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, MorePieces):
                        continue
                    is_begun, pause_s = True, _FIRST_PAUSE_S
                    value = loads(piece.data)
                    # How far an answer came that had nothing for us.
                    if isinstance(value, dict) and "position" in value:
                        start = int(value["position"]) + 1
                        continue
                    event = decode(StoryEvent, value)
                    start = event.sequence + 1
                    yield event
        except InterruptedAnswerError as error:
            if start is None:
                text = "observe: the connection was interrupted before the first event; ask again"
                raise DspexError("unavailable", text) from error
        except DspexError as error:
            # The gateway may come back a little later than the server.
            if not is_begun or start is None or error.code != "unavailable" or api.is_closed:
                raise
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
