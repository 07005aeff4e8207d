"""Publishes the pieces of a streamed output, a few at a time, each acknowledged.

A model is never held up by its reader: while the window is full, or the reader has given no credit, text
gathers and goes out in one larger piece.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import Final

import msgspec

from dspex.messages import Chunk
from dspex.subjects import chunk_subject
from dspex_pool.publisher import Publisher, PublishRefusedError

WINDOW: Final = 4
MAX_TEXT_CHARACTERS: Final = 65_536
"""The result does not wait longer than this for its last chunks."""
FINISH_S: Final = 2.0


class ChunkWriter:
    def __init__(self, publisher: Publisher, request_id: str, attempt: int, delivery: int) -> None:
        self._publisher = publisher
        self._request_id = request_id
        self._attempt = attempt
        self._delivery = delivery
        self._subject = chunk_subject(request_id)
        self._waiting: deque[tuple[str, str]] = deque()
        self._sending: set[asyncio.Task[None]] = set()
        # None until the first credit message: readers that give none are not waited for.
        self._credit: int | None = None
        self._index = 0

    def add(self, field: str, text: str) -> None:
        if self._waiting and self._waiting[-1][0] == field:
            self._waiting[-1] = (field, self._waiting[-1][1] + text)
        else:
            self._waiting.append((field, text))
        self._send_some()

    def give_credit(self, chunks: int) -> None:
        self._credit = (self._credit or 0) + chunks
        self._send_some()

    async def finish(self) -> None:
        """Sends what is left and the final piece, whatever the credit: the result follows."""
        self._credit = None
        while self._waiting:
            self._send(*self._next_piece())
        self._send(None, "", final=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_S):
                await asyncio.gather(*self._sending)
        self.abandon()

    def abandon(self) -> None:
        for task in self._sending:
            task.cancel()
        self._waiting.clear()

    def _send_some(self) -> None:
        while self._waiting and len(self._sending) < WINDOW and self._credit != 0:
            if self._credit is not None:
                self._credit -= 1
            self._send(*self._next_piece())

    def _next_piece(self) -> tuple[str, str]:
        field, text = self._waiting.popleft()
        if len(text) > MAX_TEXT_CHARACTERS:
            self._waiting.appendleft((field, text[MAX_TEXT_CHARACTERS:]))
        return field, text[:MAX_TEXT_CHARACTERS]

    def _send(self, field: str | None, text: str, *, final: bool = False) -> None:
        chunk = Chunk(
            id=self._request_id,
            attempt=self._attempt,
            delivery=self._delivery,
            index=self._index,
            field=field,
            text=text,
            final=True if final else None,
        )
        self._index += 1
        task = asyncio.get_running_loop().create_task(self._store(msgspec.json.encode(chunk)))
        self._sending.add(task)
        task.add_done_callback(self._sent)

    async def _store(self, data: bytes) -> None:
        # A chunk that the server will not have is lost, as streams are; the result has the whole output.
        with contextlib.suppress(PublishRefusedError):
            await self._publisher.publish(self._subject, data)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled():
            self._send_some()
