"""What this client waits for: one subscription for all results of the connection, and a look into the log
wherever the live copy may have been lost (it is sent at most once): after a reconnect, and now and then.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from nats.aio.msg import Msg

from dspex.cancellation import ended
from dspex.client.bus import Bus, NoAnswerError
from dspex.codec import decode_event
from dspex.errors import DspexError
from dspex.messages import Result
from dspex.subjects import (
    LOG_STREAM,
    id_of_live_result_subject,
    live_results_of,
    result_subject,
)

# The last message of a subject of the log: all that a user may ask JetStream.
_DIRECT_GET = f"$JS.API.DIRECT.GET.{LOG_STREAM}"

_TICK_S = 0.5
# First look into the log after this; then ever more seldom.
_FIRST_LOOK_S = 2.0
_SELDOM_LOOK_S = 15.0
_LOOKS_AT_ONCE = 64
_LOOK_TIMEOUT_S = 5.0
# The router answers the deadline; only when it does not (all is down) the client does.
_GRACE_S = 5.0


@dataclass(slots=True, eq=False)
class Waiting:
    """One id that is waited for, by however many."""

    future: asyncio.Future[Result]
    give_up_at: float
    look_at: float
    look_every_s: float


class PendingResults:
    def __init__(
        self,
        bus: Bus,
        user: str,
        grace_s: float = _GRACE_S,
        tick_s: float = _TICK_S,
        first_look_s: float = _FIRST_LOOK_S,
    ) -> None:
        self._bus = bus
        self._user = user
        self._grace_s = grace_s
        self._tick_s = tick_s
        self._first_look_s = first_look_s
        self._waiting: dict[str, Waiting] = {}
        self._listening: dict[str, asyncio.Task[object]] = {}
        self._someone_waits = asyncio.Event()
        self._looks: set[asyncio.Task[None]] = set()
        self._end_listening = bus.on_reconnect(self._on_reconnect)
        self._ticking = asyncio.create_task(self._tick())

    def __len__(self) -> int:
        return len(self._waiting)

    async def listen(self, second: str) -> None:
        """Listens for results of `second`: the connection's token, or `x` for chosen ids."""
        task = self._listening.get(second)
        if task is None or (task.done() and task.exception() is not None):
            subscribing = self._bus.subscribe(live_results_of(self._user, second), self._on_live)
            task = self._listening[second] = asyncio.create_task(subscribing)
        await asyncio.shield(task)

    def expect(self, request_id: str, deadline_s: float) -> Waiting:
        """From here on the result is caught; the wait fails with `deadline_exceeded` when none came."""
        now = time.monotonic()
        give_up_at = now + deadline_s + self._grace_s
        waiting = self._waiting.get(request_id)
        if waiting is None:
            future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
            # Who never asks for the result is not told that it was an error.
            future.add_done_callback(lambda done: done.cancelled() or done.exception())
            waiting = Waiting(future, give_up_at, now + self._first_look_s, self._first_look_s)
            self._waiting[request_id] = waiting
            self._someone_waits.set()
        waiting.give_up_at = max(waiting.give_up_at, give_up_at)
        return waiting

    def fail(self, request_id: str, error: DspexError) -> None:
        """Ends the wait with an error: the request was not stored."""
        waiting = self._forget(request_id)
        if waiting is not None and not waiting.future.done():
            waiting.future.set_exception(error)

    async def look(self, request_id: str) -> Result | None:
        """The stored result, or None while there is none. Raises `NoAnswerError`."""
        message = await self._bus.request(f"{_DIRECT_GET}.{result_subject(request_id)}", b"", _LOOK_TIMEOUT_S)
        status = (message.headers or {}).get("Status")
        if status == "404":
            return None
        if status is not None:
            raise NoAnswerError(f"the log answers {status} for {request_id}")
        return decode_event(Result, message.data)[1]

    async def close(self) -> None:
        self._end_listening()
        await ended(self._ticking, *self._looks)
        for request_id in tuple(self._waiting):
            self.fail(request_id, DspexError("unavailable", "the client was closed"))

    async def _on_live(self, message: Msg) -> None:
        request_id = id_of_live_result_subject(message.subject)
        if request_id not in self._waiting:
            return
        headers = message.headers or {}
        # Only the server's republish carries these two; anything else under this subject is not from the log.
        if headers.get("Nats-Stream") != LOG_STREAM or headers.get("Nats-Subject") != result_subject(
            request_id
        ):
            return
        self._settle_from(request_id, message.data)

    def _settle_from(self, request_id: str, body: bytes) -> None:
        try:
            self._settle(request_id, decode_event(Result, body)[1])
        except DspexError as error:
            message = f"the result of {request_id} cannot be read: {error}"
            self.fail(request_id, DspexError("internal", message))

    def _settle(self, request_id: str, result: Result) -> None:
        waiting = self._forget(request_id)
        if waiting is not None and not waiting.future.done():
            waiting.future.set_result(result)

    def _forget(self, request_id: str) -> Waiting | None:
        waiting = self._waiting.pop(request_id, None)
        if not self._waiting:
            self._someone_waits.clear()
        return waiting

    def _on_reconnect(self) -> None:
        now = time.monotonic()
        for waiting in self._waiting.values():
            waiting.look_at = now
        self._look_where_due(now)

    async def _tick(self) -> None:
        """The one coarse timer of all that is waited for; it rests while there is nothing."""
        while True:
            await self._someone_waits.wait()
            await asyncio.sleep(self._tick_s)
            now = time.monotonic()
            for request_id, waiting in tuple(self._waiting.items()):
                if now >= waiting.give_up_at:
                    text = f"no result for {request_id} within its deadline; `result(id)` may still find one"
                    self.fail(request_id, DspexError("deadline_exceeded", text))
            self._look_where_due(now)

    def _look_where_due(self, now: float) -> None:
        for request_id, waiting in self._waiting.items():
            if len(self._looks) >= _LOOKS_AT_ONCE:
                return
            if now >= waiting.look_at:
                waiting.look_every_s = min(waiting.look_every_s * 2, _SELDOM_LOOK_S)
                waiting.look_at = now + waiting.look_every_s
                task = asyncio.create_task(self._look_for(request_id))
                self._looks.add(task)
                task.add_done_callback(self._looks.discard)

    async def _look_for(self, request_id: str) -> None:
        # The server is away: the next look comes by itself.
        with contextlib.suppress(NoAnswerError):
            result = await self.look(request_id)
            if result is not None:
                self._settle(request_id, result)
