"""A submitted request: its id, its result, its stream, and what can be done to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Protocol, TypeVar

from dspex.client.observe import StoryEvent
from dspex.client.streams import StreamChunk
from dspex.errors import DspexError
from dspex.messages import Explanation, Result
from dspex.wire_json import WireJsonError, dumps

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
    def stream(self, request_id: str) -> AsyncGenerator[StreamChunk, None]: ...
    def story(self, request_id: str) -> AsyncGenerator[StoryEvent, None]: ...


class Run:
    def __init__(self, request_id: str, host: RunHost, result: Awaitable[Result], streams: bool) -> None:
        self.id = request_id
        self._host = host
        self._result = result
        self._streams = streams

    async def result(self) -> Result:
        """The whole result, whatever its status."""
        return await self._result

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

    async def stream(self) -> AsyncGenerator[StreamChunk, None]:
        """Pieces of the outputs as they are made; without `stream=True` the final ones alone."""
        if not self._streams:
            async for chunk in self._final_outputs():
                yield chunk
            return
        last: StreamChunk | None = None
        chunks, piece = await _once_known(self._first_chunk)
        async with aclosing(chunks):
            while piece is not None:
                last = piece
                yield piece
                piece = await anext(chunks, None)
        result = await self.result()
        answered = result.attempts[-1].attempt if result.attempts else 1
        if last is None or last.attempt != answered:
            # Nothing was streamed, or by an attempt that did not answer: the outputs of the result count.
            async for chunk in self._final_outputs(restarted=last is not None):
                yield chunk

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

    async def _first_chunk(self) -> tuple[AsyncGenerator[StreamChunk, None], StreamChunk | None]:
        chunks = self._host.stream(self.id)
        return chunks, await anext(chunks, None)

    async def _final_outputs(self, *, restarted: bool = False) -> AsyncGenerator[StreamChunk, None]:
        result = await self.result()
        fields = list((result.outputs or {}).items())
        attempt = result.attempts[-1].attempt if result.attempts else 1
        for index, (name, value) in enumerate(fields):
            yield StreamChunk(
                text=_text(value),
                field=name,
                attempt=attempt,
                index=index,
                final=index == len(fields) - 1,
                restarted=restarted and index == 0,
            )


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


def _text(value: Any) -> str:
    """An output as one would show it: JSON values other than texts as JSON, dates and such as Python does."""
    if isinstance(value, str):
        return value
    try:
        return dumps(value).decode()
    except WireJsonError:
        return str(value)


def outputs_of(result: Result) -> dict[str, Any]:
    if result.status == "succeeded":
        return result.outputs or {}
    if result.error is None:
        raise DspexError("internal", f"{result.id} {result.status} without an error")
    raise DspexError.from_wire(result.error)
