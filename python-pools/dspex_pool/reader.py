"""Reads the log and object streams by direct get: parts have no permission to create consumers."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from dspex.errors import DspexError
from dspex_pool.bus import Bus

TRY_S: Final = 2.0
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0
BATCH: Final = 64
NOT_FOUND: Final = "404"
END_OF_BATCH: Final = "204"

T = TypeVar("T")

logger = logging.getLogger("dspex.reader")


@dataclass(frozen=True, slots=True)
class Stored:
    subject: str
    sequence: int
    data: bytes


class Reader:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._batches: dict[str, asyncio.Queue[Msg]] = {}
        self._inbox = f"{bus.inbox}.get"

    async def open(self) -> None:
        await self._bus.listen(f"{self._inbox}.*", self._on_batch)

    async def last(self, stream: str, subject: str) -> Stored | None:
        """The last message on a subject. Waits out a server that is away."""

        async def get() -> Stored | None:
            reply = await self._bus.request(f"$JS.API.DIRECT.GET.{stream}.{subject}", b"", TRY_S)
            return _stored(reply)

        return await self._until_answered(get)

    async def all_of(self, stream: str, subject: str, count: int) -> list[bytes]:
        """The first `count` messages on a subject, in order, fewer where there are fewer."""
        pieces: list[bytes] = []
        from_sequence = 1
        while len(pieces) < count:
            wanted = min(BATCH, count - len(pieces))
            batch = await self._until_answered(partial(self._batch, stream, subject, from_sequence, wanted))
            if not batch:
                break
            pieces.extend(message.data for message in batch)
            from_sequence = batch[-1].sequence + 1
        return pieces

    async def _batch(self, stream: str, subject: str, from_sequence: int, count: int) -> list[Stored]:
        token = secrets.token_hex(8)
        queue: asyncio.Queue[Msg] = asyncio.Queue()
        self._batches[token] = queue
        body = msgspec.json.encode({"seq": from_sequence, "next_by_subj": subject, "batch": count})
        found: list[Stored] = []
        try:
            await self._bus.publish(f"$JS.API.DIRECT.GET.{stream}", body, reply=f"{self._inbox}.{token}")
            while True:
                async with asyncio.timeout(TRY_S):
                    message = await queue.get()
                stored = _stored(message)
                if stored is None:
                    return found
                found.append(stored)
        finally:
            del self._batches[token]

    async def _on_batch(self, message: Msg) -> None:
        queue = self._batches.get(message.subject[len(self._inbox) + 1 :])
        if queue is not None:
            queue.put_nowait(message)

    async def _until_answered(self, get: Callable[[], Awaitable[T]]) -> T:
        pause_s = FIRST_PAUSE_S
        while True:
            await self._bus.connected.wait()
            try:
                return await get()
            except (NatsError, TimeoutError, DspexError) as error:
                logger.info("direct get: %s: %s, again", type(error).__name__, error)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _stored(message: Msg) -> Stored | None:
    headers = message.headers or {}
    status = headers.get("Status")
    if status in (NOT_FOUND, END_OF_BATCH):
        return None
    if status is not None:
        raise DspexError("unavailable", f"direct get answered {status} {headers.get('Description', '')}")
    return Stored(headers["Nats-Subject"], int(headers["Nats-Sequence"]), message.data)
