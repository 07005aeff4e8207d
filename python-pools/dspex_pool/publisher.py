"""Stores messages in the log over one shared ack inbox: a future each, one coarse timer for all.

    publish() ─▶ window ─▶ reply = <inbox>.<n> ─▶ server stores ─▶ PubAck on <inbox>.<n> ─▶ its sequence
                   ▲ full: waits        refused ─▶ raises · silence, no responders, log full ─▶ again

It tries for as long as it takes: what a worker publishes was paid for, and the server lets one result in.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Final

import msgspec
from nats.aio.msg import Msg

from dspex import headers as header
from dspex.limits import MAX_PAYLOAD_BYTES
from dspex_pool.bus import Bus

FIRST_BACKOFF_S: Final = 0.1
LONGEST_BACKOFF_S: Final = 5.0
ACK_WAIT_S: Final = 5.0
TICK_S: Final = 0.05

WRONG_LAST_SEQUENCE: Final = frozenset({10_071, 10_164})
SERVICE_UNAVAILABLE: Final = 503
PAYLOAD_TOO_LARGE: Final = 10_054
NO_RESPONDERS: Final = "503"


class PublishRefusedError(Exception):
    """The server looked at the message and would not store it."""

    def __init__(self, subject: str, code: int, description: str) -> None:
        super().__init__(f"{subject}: {description} ({code})")
        self.code = code


def is_wrong_last_sequence(error: Exception) -> bool:
    """Somebody else was first, or one's own earlier try was."""
    return isinstance(error, PublishRefusedError) and error.code in WRONG_LAST_SEQUENCE


class _Refused(msgspec.Struct):
    code: int = 0
    err_code: int = 0
    description: str = ""


class _PubAck(msgspec.Struct):
    seq: int = 0
    error: _Refused | None = None


_ack_decoder = msgspec.json.Decoder(_PubAck)


@dataclass(slots=True)
class _Pending:
    subject: str
    data: bytes
    headers: dict[str, str] | None
    done: asyncio.Future[int]
    resend_at: float
    backoff_s: float = field(default=FIRST_BACKOFF_S)


class Publisher:
    def __init__(self, bus: Bus, window: int = 256) -> None:
        self._bus = bus
        self._inbox = f"{bus.inbox}.ack"
        self._window = asyncio.Semaphore(window)
        self._pending: dict[int, _Pending] = {}
        self._next = 0
        self._timer: asyncio.TimerHandle | None = None
        self._resending: set[asyncio.Task[None]] = set()
        bus.on_connected(self._resend_all)

    @property
    def in_flight(self) -> int:
        return len(self._pending)

    async def open(self) -> None:
        await self._bus.listen(f"{self._inbox}.*", self._on_ack)

    async def publish(self, subject: str, data: bytes, headers: dict[str, str] | None = None) -> int:
        """Returns the message's sequence once it is stored. @raises PublishRefusedError."""
        if len(data) > MAX_PAYLOAD_BYTES:
            # The server would close the connection over it.
            raise PublishRefusedError(subject, PAYLOAD_TOO_LARGE, f"{len(data)} bytes are too many")
        async with self._window:
            self._next += 1
            n = self._next
            done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            self._pending[n] = pending = _Pending(subject, data, headers, done, time.monotonic() + ACK_WAIT_S)
            self._start_timer()
            try:
                await self._send(n, pending)
                return await done
            finally:
                del self._pending[n]

    async def publish_first(self, subject: str, data: bytes, headers: dict[str, str]) -> int:
        """Like `publish`, only if the subject has no message yet."""
        return await self.publish(subject, data, {**headers, header.EXPECTED_LAST_SUBJECT_SEQUENCE: "0"})

    async def _send(self, n: int, pending: _Pending) -> None:
        if self._bus.connected.is_set():
            await self._bus.publish(pending.subject, pending.data, f"{self._inbox}.{n}", pending.headers)

    async def _on_ack(self, message: Msg) -> None:
        n = int(message.subject[len(self._inbox) + 1 :])
        pending = self._pending.get(n)
        if pending is None or pending.done.done():
            return
        if message.headers is not None and message.headers.get("Status") == NO_RESPONDERS:
            self._back_off(pending)
            return
        ack = _ack_decoder.decode(message.data)
        if ack.error is None:
            pending.done.set_result(ack.seq)
        elif ack.error.code == SERVICE_UNAVAILABLE:
            # No leader, log full and the like: the server says itself that it is for now.
            self._back_off(pending)
        else:
            pending.done.set_exception(
                PublishRefusedError(pending.subject, ack.error.err_code, ack.error.description)
            )

    def _back_off(self, pending: _Pending) -> None:
        jitter = random.uniform(0.75, 1.25)  # noqa: S311 (jitter is no secret)
        pending.resend_at = time.monotonic() + pending.backoff_s * jitter
        pending.backoff_s = min(pending.backoff_s * 2, LONGEST_BACKOFF_S)

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if not self._pending:
            return
        self._start_timer()
        now = time.monotonic()
        for n, pending in self._pending.items():
            if now >= pending.resend_at and not pending.done.done():
                self._back_off(pending)
                pending.resend_at = max(pending.resend_at, now + ACK_WAIT_S)
                self._resend(n, pending)

    def _resend_all(self) -> None:
        """Whether what was under way arrived is unknown; the expected sequence makes a second try
        harmless.
        """
        for n, pending in self._pending.items():
            if not pending.done.done():
                pending.resend_at = time.monotonic() + ACK_WAIT_S
                self._resend(n, pending)

    def _resend(self, n: int, pending: _Pending) -> None:
        task = asyncio.get_running_loop().create_task(self._send(n, pending))
        self._resending.add(task)
        task.add_done_callback(self._resending.discard)
