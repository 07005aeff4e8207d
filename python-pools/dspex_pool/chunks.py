"""Streams the outputs of one attempt to whoever reads: into the chunk stream, one chunk on its way at a time,
so that they are stored in order and none twice. What a model says meanwhile gathers into the next one. Who
asked for it holds the model up: it goes no further than its slowest such reader has room for.

add ─▶ what may be said ─▶ waiting ─▶ [on its way] ─▶ stored ─▶ the next
  └ waits while a reader has no room, or too much is waiting
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dspex.messages import Chunk, CreditControl
from dspex.subjects import chunk_subject
from dspex_pool.json_fields import Piece
from dspex_pool.publisher import Publisher, PublishRefusedError
from dspex_pool.stream_readers import StreamReaders
from dspex_pool.written_outputs import MAX_CHUNK_TEXT, WrittenOutputs, whole_pieces

# While the server is away; then a chunk is missing, which its readers see by the index.
STORE_S: Final = 10.0
# The result does not wait longer than this for its last chunks.
FINISH_S: Final = 2.0


class ChunkWriter:
    def __init__(self, publisher: Publisher, request_id: str, attempt: int, delivery: int) -> None:
        self._publisher = publisher
        self._request_id = request_id
        self._attempt = attempt
        self._delivery = delivery
        self._subject = chunk_subject(request_id)
        self._written = WrittenOutputs()
        self._readers = StreamReaders(attempt, delivery)
        self._waiting: deque[Piece] = deque()
        self._waiting_size = 0
        self._index = 0
        # The next chunk says that what came before is void.
        self._restarts = False
        self._sending: asyncio.Task[None] | None = None
        # Nobody is waited for.
        self._ending = False
        self._abandoned = False
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()

    async def add(self, piece: Piece) -> None:
        """Returns when there is room for more."""
        said = self._written.add(piece)
        if said is not None:
            self._add(said)
        while self._must_wait:
            self._changed.clear()
            await self._changed.wait()

    def let_go(self) -> None:
        """The model is done: nobody is waited for any more."""
        self._ending = True
        self._pump()
        self._changed.set()

    async def finish(self, outputs: Mapping[str, Any]) -> None:
        """Says what of the outputs, in wire form, was not said yet, and that this was all."""
        self._ending = True
        missing = self._written.missing(outputs)
        if missing is None:
            self._restart()
            missing = whole_pieces(outputs)
        for piece in missing:
            self._add(piece)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_S):
                self._pump()
                while self._sending is not None:
                    self._changed.clear()
                    await self._changed.wait()
                await self._store(self._chunk(None, "", final=True))
        self.abandon()

    def hear(self, credit: CreditControl) -> None:
        self._readers.hear(credit, asyncio.get_running_loop().time())
        self._pump()
        self._changed.set()

    def abandon(self) -> None:
        self._abandoned = True
        if self._timer is not None:
            self._timer.cancel()
        if self._sending is not None:
            self._sending.cancel()
        self._waiting.clear()
        self._waiting_size = 0
        self._changed.set()

    @property
    def _held_up(self) -> bool:
        return not self._ending and self._index > self._readers.limit(asyncio.get_running_loop().time())

    @property
    def _must_wait(self) -> bool:
        if self._abandoned or self._ending:
            return False
        return self._waiting_size > MAX_CHUNK_TEXT or (bool(self._waiting) and self._held_up)

    def _restart(self) -> None:
        self._written.clear()
        self._waiting.clear()
        self._waiting_size = 0
        self._restarts = self._index > 0

    def _add(self, piece: Piece) -> None:
        last = self._waiting[-1] if self._waiting else None
        if last is not None and last[::2] == piece[::2] and _may_join(last, piece):
            self._waiting[-1] = last._replace(text=last.text + piece.text)
        else:
            self._waiting.append(piece)
        self._waiting_size += len(piece.text)
        self._pump()

    def _pump(self) -> None:
        if self._sending is not None or self._abandoned or not self._waiting:
            return
        if self._held_up:
            self._look_again_later()
            return
        chunk = self._take()
        self._sending = asyncio.get_running_loop().create_task(self._store(chunk))
        self._sending.add_done_callback(self._sent)

    def _take(self) -> Chunk:
        """The first that waits, as much of it as fits; JSON may not be cut anywhere, and was made to fit."""
        piece = self._waiting.popleft()
        text = piece.text if piece.is_json else piece.text[:MAX_CHUNK_TEXT]
        if len(text) < len(piece.text):
            self._waiting.appendleft(piece._replace(text=piece.text[len(text) :]))
        self._waiting_size -= len(text)
        return self._chunk(piece.field, text, is_json=piece.is_json)

    def _chunk(self, field: str | None, text: str, *, is_json: bool = False, final: bool = False) -> Chunk:
        chunk = Chunk(
            id=self._request_id,
            attempt=self._attempt,
            delivery=self._delivery,
            index=self._index,
            field=field,
            text=text,
            json=True if is_json else None,
            restarted=True if self._restarts else None,
            final=True if final else None,
        )
        self._restarts = False
        self._index += 1
        return chunk

    async def _store(self, chunk: Chunk) -> None:
        # One that could not be stored is missing for readers of the stream; the result has it all.
        with contextlib.suppress(PublishRefusedError, TimeoutError):
            async with asyncio.timeout(STORE_S):
                await self._publisher.publish(self._subject, msgspec.json.encode(chunk))

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending = None
        if not task.cancelled():
            self._pump()
        self._changed.set()

    def _look_again_later(self) -> None:
        """A reader that is silent for too long is not waited for."""
        at = self._readers.changes_at
        if at is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(at + 0.001, self._look_again)

    def _look_again(self) -> None:
        self._pump()
        self._changed.set()


def _may_join(last: Piece, piece: Piece) -> bool:
    return not piece.is_json or len(last.text) + len(piece.text) <= MAX_CHUNK_TEXT
