"""A submitted request: its id, its result, its stream, and what can be done to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from dspex.client.observe import StoryEvent
from dspex.client.partials import PartialOutputs
from dspex.client.streams import DEFAULT_ROOM, StreamChunk, StreamSource, outputs_of, stream_of
from dspex.errors import DspexError
from dspex.messages import Explanation, Result
from dspex.signature import Signature

T = TypeVar("T")

# How long a service may be behind the log, step by step.
_BEHIND_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class RunHost(Protocol):
    """What a run needs of the client that made it."""

    async def cancel(self, request_id: str) -> str: ...
    async def feedback(
        self,
        request_id: str,
        score: float,
        comment: str | None = None,
        *,
        metric: str | None = None,
        key: str | None = None,
    ) -> bool: ...
    async def explain(self, request_id: str) -> Explanation: ...
    def story(self, request_id: str) -> AsyncGenerator[StoryEvent, None]: ...


@dataclass(frozen=True, slots=True)
class RunParts:
    """What is known of a request, and how the rest is found out."""

    source: StreamSource
    # With Python's values.
    result: Callable[[], Awaitable[Result]]
    # The types of partial outputs, where they are known.
    signature: Callable[[], Awaitable[Signature | None]]


class Run:
    def __init__(self, host: RunHost, parts: RunParts) -> None:
        self.id = parts.source.request_id
        self._host = host
        self._parts = parts

    async def result(self) -> Result:
        """The whole result, whatever its status."""
        return await self._parts.result()

    async def outputs(self) -> dict[str, Any]:
        """Raises the result's error when it failed or was cancelled."""
        return outputs_of(await self.result())

    async def cancel(self) -> str:
        """Returns the status, once the wish is in the log; the result says whether it came in time."""
        return await _once_known(lambda: self._host.cancel(self.id))

    async def feedback(
        self, score: float, comment: str | None = None, *, metric: str | None = None, key: str | None = None
    ) -> bool:
        """Judges the result, 0 (wrong) to 1 (right). Returns whether it counts: the first judgement by one
        metric under one key does, later ones change nothing.
        """
        return await _once_known(lambda: self._host.feedback(self.id, score, comment, metric=metric, key=key))

    async def explain(self) -> Explanation:
        """Why it went where it went, and what became of it so far."""
        return await _once_known(lambda: self._host.explain(self.id))

    def stream(
        self, *, after: str | None = None, backpressure: bool = False, room: int = DEFAULT_ROOM
    ) -> AsyncGenerator[StreamChunk, None]:
        """Pieces of the outputs as they are made, each output's in order; without `stream=True` in the
        request, and from what cannot stream, the final outputs alone.

        `after` is the `position` of the last chunk that was read, by this process or another. With
        `backpressure` the producer waits while its slowest such reader is `room` (1 to 256) chunks behind.
        Raises the result's error, at the end, when the request failed or was cancelled.
        """
        return stream_of(self._parts.source, after=after, backpressure=backpressure, room=room)

    async def partials(
        self, *, backpressure: bool = False, room: int = DEFAULT_ROOM
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The outputs so far, each time that they grow; the last are the final ones. Texts grow, lists and
        objects gain members, and other values are there when they are whole. Raises as `stream` does.
        """
        so_far = PartialOutputs(await self._parts.signature())
        async with aclosing(self.stream(backpressure=backpressure, room=room)) as chunks:
            async for chunk in chunks:
                if so_far.add(chunk):
                    yield so_far.value()

    async def story(self) -> AsyncGenerator[StoryEvent, None]:
        """Everything that the log holds of this request so far, in order."""
        events, event = await _once_known(self._first_event)
        async with aclosing(events):
            while event is not None:
                yield event
                event = await anext(events, None)

    async def _first_event(self) -> tuple[AsyncGenerator[StoryEvent, None], StoryEvent | None]:
        events = self._host.story(self.id)
        return events, await anext(events, None)


async def _once_known(call: Callable[[], Awaitable[T]]) -> T:
    """The log has this request: a service that says `not_found` is a moment behind it, and is asked again."""
    for wait_s in _BEHIND_S:
        try:
            return await call()
        except DspexError as error:
            if error.code != "not_found":
                raise
        await asyncio.sleep(wait_s)
    return await call()
