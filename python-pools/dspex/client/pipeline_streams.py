"""What the streaming stages of one run write, as they write it: the run's events say when a stage begins, its
request's chunks are read from then on, and all of them come as one. A reader that takes its time holds up
each of them by one chunk, so nothing heaps up here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from dspex.cancellation import ended
from dspex.client.pipeline_answers import RunEvent
from dspex.client.streams import StreamChunk
from dspex.errors import DspexError

_READ = re.compile(r"^(\d{1,4}):(\d{1,9})(?:-(\d{1,9}))?$", re.ASCII)
_OPEN = re.compile(r"^(\d{1,4})_(\d{1,9}):([\w.]+)$", re.ASCII)


@dataclass(frozen=True, slots=True)
class StageChunk:
    # Name of the stage, and where it is: `summaries[3]`.
    stage: str
    path: str | None
    # Which of the stage's requests in the run.
    n: int
    text: str
    field: str | None
    chunk: StreamChunk
    # `stream(after=…)` goes on behind it in all stages, in any process.
    position: str


@dataclass(frozen=True, slots=True)
class _Opened:
    number: int
    stage: str
    path: str | None
    n: int
    chunks: AsyncGenerator[StreamChunk, None]


class StreamPlace:
    """Where a reader of a run's stream is, as a text that it may keep: `4:1-40` requests 1 to 40 of stage 4
    to their end, `4_41:1.1.7` request 41 up to that chunk.
    """

    def __init__(self) -> None:
        # By stage, first and last numbers in order, never touching each other.
        self._read: dict[int, list[tuple[int, int]]] = {}
        self._open: dict[tuple[int, int], str] = {}

    @classmethod
    def parse(cls, text: str) -> StreamPlace:
        place = cls()
        for part in text.split(","):
            if is_open := _OPEN.match(part):
                place.at(int(is_open[1]), int(is_open[2]), is_open[3])
            elif is_read := _READ.match(part):
                place._add(int(is_read[1]), int(is_read[2]), int(is_read[3] or is_read[2]))
            else:
                message = f"{text[:80]!r} is no position of a run's stream"
                raise DspexError("invalid_inputs", message, path="after")
        return place

    def position_of(self, stage: int, n: int) -> str | None:
        return self._open.get((stage, n))

    def is_read(self, stage: int, n: int) -> bool:
        return any(first <= n <= last for first, last in self._read.get(stage, ()))

    def at(self, stage: int, n: int, position: str) -> None:
        self._open[stage, n] = position

    def read_to_end(self, stage: int, n: int) -> None:
        self._open.pop((stage, n), None)
        self._add(stage, n, n)

    def __str__(self) -> str:
        read = [
            f"{stage}:{first}" if first == last else f"{stage}:{first}-{last}"
            for stage, ranges in self._read.items()
            for first, last in ranges
        ]
        return ",".join([*read, *(f"{stage}_{n}:{at}" for (stage, n), at in self._open.items())])

    def _add(self, stage: int, first: int, last: int) -> None:
        apart: list[tuple[int, int]] = []
        for low, high in self._read.get(stage, ()):
            if low <= last + 1 and first <= high + 1:
                first, last = min(low, first), max(high, last)
            else:
                apart.append((low, high))
        self._read[stage] = sorted([*apart, (first, last)])


OpenChunks = Callable[[int, int, str | None], AsyncGenerator[StreamChunk, None]]


async def merged_streams(
    events: AsyncGenerator[RunEvent, None],
    streaming: Collection[int],
    open_chunks: OpenChunks,
    after: str | None,
) -> AsyncGenerator[StageChunk, None]:
    """One stage's failure ends its own stream alone, since the run may go on."""
    place = StreamPlace() if after is None else StreamPlace.parse(after)
    pending: dict[asyncio.Task[Any], _Opened | None] = {_next(events): None}
    try:
        while pending:
            done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                opened = pending.pop(task)
                if opened is None:
                    event = task.result()
                    if event is None:
                        continue
                    for one in _begun(event, streaming, open_chunks, place):
                        pending[_next(one.chunks)] = one
                    pending[_next(events)] = None
                    continue
                chunk = None if task.exception() is not None else task.result()
                if chunk is None:
                    place.read_to_end(opened.number, opened.n)
                    continue
                place.at(opened.number, opened.n, chunk.position)
                yield StageChunk(
                    stage=opened.stage,
                    path=opened.path,
                    n=opened.n,
                    text=chunk.text,
                    field=chunk.field,
                    chunk=chunk,
                    position=str(place),
                )
                pending[_next(opened.chunks)] = opened
    finally:
        await ended(*pending)
        await events.aclose()
        for opened in pending.values():
            if opened is not None:
                await opened.chunks.aclose()


def streaming_stages(definition: dict[str, Any], streams_all: bool) -> set[int]:
    """Numbers of the stages whose requests stream: those that say so, or every call of a run that says so."""
    calls: list[bool] = []

    def look(graph: dict[str, Any]) -> None:
        for stage in graph["stages"]:
            wish = (stage.get("options") or {}).get("stream", streams_all)
            calls.append(stage["kind"] == "call" and wish is True)
            for body in _bodies(stage):
                look(body)

    look(definition)
    return {number for number, streams in enumerate(calls) if streams}


def _bodies(stage: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Graphs within a stage, in the order in which they are numbered."""
    match stage["kind"]:
        case "map" | "loop":
            yield stage["body"]
        case "switch":
            yield from (case["body"] for case in stage["cases"])
            if "otherwise" in stage:
                yield stage["otherwise"]
        case "race":
            yield from (body["body"] for body in stage["bodies"])
        case _:
            pass
    fallback = stage.get("onFailure")
    if isinstance(fallback, dict) and "stage" in fallback:
        yield fallback["stage"]


def _begun(
    event: RunEvent, streaming: Collection[int], open_chunks: OpenChunks, place: StreamPlace
) -> Iterator[_Opened]:
    for step in event.data.get("steps") or []:
        if step.get("kind") != "started" or step["stage"] not in streaming:
            continue
        stage, n = step["stage"], step["n"]
        if place.is_read(stage, n):
            continue
        chunks = open_chunks(stage, n, place.position_of(stage, n))
        yield _Opened(stage, step["name"], step.get("path"), n, chunks)


def _next(source: AsyncGenerator[Any, None]) -> asyncio.Task[Any]:
    async def advance() -> Any:
        return await anext(source, None)

    return asyncio.create_task(advance())
