"""Pieces of a streamed output. A reader follows the greatest (attempt, delivery); when a later one takes
over, what came before is void, and the first chunk of the later one says so.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from dspex.client.api import Api, InterruptedAnswerError, MorePieces
from dspex.codec import decode_bytes
from dspex.messages import Chunk


@dataclass(frozen=True, slots=True)
class StreamChunk:
    text: str
    # The output that it belongs to, where the implementation says.
    field: str | None = None
    attempt: int = 1
    delivery: int = 1
    index: int = 0
    # The last one of this attempt.
    final: bool = False
    # Throw away what came before: another attempt has taken over, or its outputs are the ones that count.
    restarted: bool = False


async def follow_chunks(api: Api, request_id: str) -> AsyncGenerator[StreamChunk, None]:
    """Chunks from the first on, until the gateway says that there are no more."""
    last: Chunk | None = None
    asks = True
    while asks:
        asks = False
        try:
            async with aclosing(api.pieces(f"chunks.{request_id}", _position(last))) as pieces:
                async for piece in pieces:
                    if isinstance(piece, MorePieces):
                        asks = True
                        continue
                    chunk = decode_bytes(Chunk, piece.data)
                    if last is not None and _order(chunk) <= _order(last):
                        continue
                    restarted = last is not None and _order(chunk)[:2] > _order(last)[:2]
                    last = chunk
                    yield StreamChunk(
                        text=chunk.text,
                        field=chunk.field,
                        attempt=chunk.attempt,
                        delivery=chunk.delivery,
                        index=chunk.index,
                        final=chunk.final or False,
                        restarted=restarted,
                    )
        except InterruptedAnswerError:
            asks = True


def _order(chunk: Chunk) -> tuple[int, int, int]:
    return chunk.attempt, chunk.delivery, chunk.index


def _position(last: Chunk | None) -> dict[str, Any] | None:
    if last is None:
        return None
    return {"attempt": last.attempt, "delivery": last.delivery, "after": last.index}
