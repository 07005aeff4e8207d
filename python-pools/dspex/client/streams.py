"""A streamed output as its reader sees it: chunks in order, none missing and none twice, said where they
start over or some are gone, and the outputs of the result where the chunks do not add up to them.

chunks of the gateway ─▶ last one final, of the attempt that answered, none gone ─▶ end
                              └ else ─▶ the result's outputs, which start over
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from dspex.client.api import Api
from dspex.client.follow_chunks import Follower, Place, place_of
from dspex.client.stream_position import ChunkPosition, Mark, OutputPosition, parse_position
from dspex.errors import DspexError
from dspex.messages import Chunk, Result
from dspex.wire_json import dumps

DEFAULT_ROOM: Final = 64
_MAX_ROOM: Final = 256


@dataclass(frozen=True, slots=True)
class StreamChunk:
    text: str
    # The output that it belongs to; None in one without text.
    field: str | None = None
    # `text` is a piece of the output's JSON, not of its text.
    json: bool = False
    attempt: int = 1
    delivery: int = 1
    index: int = 0
    # The last one: what has come since the last restart are the outputs.
    final: bool = False
    # Throw away what came before: another attempt has taken over, or says something else.
    restarted: bool = False
    # Chunks before it are gone, by their age or with the server that had them. The outputs of the result come
    # at the end.
    gap: bool = False
    # `stream(after=…)` goes on behind it, in any process.
    position: str = ""


@dataclass(frozen=True, slots=True)
class StreamSource:
    api: Api
    request_id: str
    # False: nobody asked for chunks, there are none.
    streams: bool
    is_own: bool
    # In wire form.
    result: Callable[[], Awaitable[Result]]
    has_result: Callable[[], Awaitable[bool]]


@dataclass(slots=True)
class _Read:
    place: Place | None
    # The last chunk was the final one of its attempt, and none before it is gone.
    complete: bool
    gap: bool


async def stream_of(
    source: StreamSource, *, after: str | None = None, backpressure: bool = False, room: int = DEFAULT_ROOM
) -> AsyncGenerator[StreamChunk, None]:
    """Raises the result's error, at the end, when the request failed or was cancelled."""
    if not 1 <= room <= _MAX_ROOM:
        raise DspexError("invalid_inputs", f"room {room} is not from 1 to {_MAX_ROOM}", path="room")
    begins = None if after is None else parse_position(after)
    read = _Read(None, complete=False, gap=False)
    if isinstance(begins, ChunkPosition):
        read = _Read(begins.place, complete=begins.mark == "final", gap=begins.mark == "gap")
    if source.streams and not isinstance(begins, OutputPosition):
        follower = Follower(
            source.api,
            source.request_id,
            after=read.place,
            room=room if backpressure else None,
            is_own=source.is_own,
            has_result=source.has_result,
        )
        async with aclosing(follower.chunks()) as chunks:
            async for chunk in chunks:
                yield _read_next(read, chunk)
    result = await source.result()
    outputs = outputs_of(result)
    answered_by = result.attempts[-1].attempt if result.attempts else 1
    is_same = read.place is not None and read.place[0] == answered_by
    if read.complete and is_same:
        return
    first = begins.index + 1 if isinstance(begins, OutputPosition) else 0
    for made in _output_chunks(outputs, answered_by, restarted=read.place is not None, gap=is_same):
        if made.index >= first:
            yield made


def _read_next(read: _Read, chunk: Chunk) -> StreamChunk:
    """Moves `read` on."""
    place = place_of(chunk)
    is_same = read.place is not None and read.place[:2] == place[:2]
    begins_anew = chunk.restarted is True
    expected = read.place[2] + 1 if is_same and read.place is not None else 0
    # What lies before a new beginning does not matter.
    gap = not begins_anew and chunk.index > expected
    restarted = read.place is not None and (begins_anew or not is_same)
    read.gap = gap or (read.gap and not restarted)
    read.complete = chunk.final is True and not read.gap
    read.place = place
    mark: Mark | None = "final" if read.complete else "gap" if read.gap else None
    return StreamChunk(
        text=chunk.text,
        field=chunk.field,
        json=chunk.json or False,
        attempt=chunk.attempt,
        delivery=chunk.delivery,
        index=chunk.index,
        final=chunk.final or False,
        restarted=restarted,
        gap=gap,
        position=str(ChunkPosition(place, mark)),
    )


def _output_chunks(
    outputs: dict[str, Any], attempt: int, *, restarted: bool, gap: bool
) -> Iterator[StreamChunk]:
    for index, (name, value) in enumerate(outputs.items()):
        is_text = isinstance(value, str)
        yield StreamChunk(
            text=value if is_text else dumps(value).decode(),
            field=name,
            json=not is_text,
            attempt=attempt,
            index=index,
            final=index == len(outputs) - 1,
            restarted=restarted and index == 0,
            gap=gap and restarted and index == 0,
            position=str(OutputPosition(index)),
        )


def outputs_of(result: Result) -> dict[str, Any]:
    if result.status == "succeeded":
        return result.outputs or {}
    if result.error is None:
        raise DspexError("internal", f"{result.id} {result.status} without an error")
    raise DspexError.from_wire(result.error)
