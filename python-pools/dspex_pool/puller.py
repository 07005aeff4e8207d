"""Keeps as much credit at one consumer as the worker has room for, over one long-lived inbox.

A pull request is a promise to take `batch` messages; the server answers with messages, which do not say to
which request they belong, and with a status that says how much of a request was left. So only the sum counts:

    credit = requested - delivered - given back (408, 409); 0 after a reconnection, or without heartbeats
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from typing import Final

import msgspec
from nats.aio.msg import Msg

from dspex_pool.bus import Bus, Listening
from dspex_pool.delivery import Delivery, read_delivery

EXPIRES_S: Final = 30.0
HEARTBEAT_S: Final = 5.0
SILENCE_S: Final = 2.5 * HEARTBEAT_S
CHECK_S: Final = 1.0
"""The log's clock and ours."""
CLOCKS_APART_S: Final = 2.0
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0

logger = logging.getLogger("dspex.puller")


class Puller:
    def __init__(
        self,
        bus: Bus,
        stream: str,
        consumer: str,
        room: Callable[[], int],
        on_delivery: Callable[[Delivery], None],
    ) -> None:
        """`room` = messages that could be taken now, over and above those already asked for elsewhere."""
        self._bus = bus
        self._consumer = consumer
        self._next_subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        # Of its own for each puller: answers to a predecessor's requests are not for this one.
        self._inbox = f"{bus.inbox}.{secrets.token_hex(4)}"
        self._room = room
        self._on_delivery = on_delivery
        self._asked: dict[int, tuple[int, float]] = {}
        self._next = 0
        self._heard_at = time.monotonic()
        self._connected_at = float("-inf")
        self._paused_until = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._wanted = False
        self._listening: Listening | None = None
        self._forget_connection: Callable[[], None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[None]] = set()
        self.credit = 0
        # Since when somebody here has room; wall clock, like the log's.
        self._room_since = 0.0

    async def open(self) -> None:
        # What a server forgot before this process came may have been answered by its predecessor.
        self._connected_at = time.time()
        self._listening = await self._bus.listen(f"{self._inbox}.*", self._on_message)
        self._forget_connection = self._bus.on_connected(self._on_reconnected)
        self._watch = asyncio.get_running_loop().create_task(self._watching(), name=self._consumer)
        self.refill()

    async def close(self) -> None:
        """Gives the credit back; what the server had already sent is still handed on."""
        listening, self._listening = self._listening, None
        if self._watch is not None:
            self._watch.cancel()
        if self._forget_connection is not None:
            self._forget_connection()
        if listening is not None:
            await listening.stop()

    def refill(self) -> None:
        """Ask for what there is room for, once an iteration of the loop however often this is called."""
        if not self._wanted and self._listening is not None:
            self._wanted = True
            asyncio.get_running_loop().call_soon(self._ask_soon)

    def _ask_soon(self) -> None:
        self._wanted = False
        batch = self._room() - self.credit
        if batch <= 0 or self._listening is None or not self._bus.connected.is_set():
            return
        if time.monotonic() < self._paused_until:
            return
        if self.credit == 0:
            self._room_since = time.time()
        self.credit += batch
        task = asyncio.get_running_loop().create_task(self._ask(batch))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, batch: int) -> None:
        self._next += 1
        self._asked[self._next] = (batch, time.monotonic() + EXPIRES_S)
        body = msgspec.json.encode(
            {"batch": batch, "expires": int(EXPIRES_S * 1e9), "idle_heartbeat": int(HEARTBEAT_S * 1e9)}
        )
        self._heard_at = time.monotonic()
        await self._bus.publish(self._next_subject, body, reply=f"{self._inbox}.{self._next}")

    async def _on_message(self, message: Msg) -> None:
        self._heard_at = time.monotonic()
        delivery = read_delivery(message.subject, message.reply, message.data, message.headers)
        if delivery is None:
            self._on_status(message)
            return
        self.credit = max(0, self.credit - 1)
        self._pause_s = FIRST_PAUSE_S
        # The first ones may come before we are told that we are connected again.
        since = self._connected_at if self._bus.connected.is_set() else float("inf")
        delivery.forgotten = delivery.stored_at < since + CLOCKS_APART_S
        if delivery.deliveries == 1:
            delivery.waited_s = max(0.0, self._room_since - delivery.stored_at)
        self._on_delivery(delivery)

    def _on_status(self, message: Msg) -> None:
        headers = message.headers or {}
        status = headers.get("Status")
        if status == "100":
            return
        batch, _ = self._asked.pop(int(message.subject[len(self._inbox) + 1 :]), (0, 0.0))
        left = headers.get("Nats-Pending-Messages")
        self.credit = max(0, self.credit - (batch if left is None else int(left)))
        if status in ("404", "408"):
            self.refill()
            return
        # 503: no such consumer, or no leader; 409: the consumer or its leader went away. Both answer at once.
        level = logging.WARNING if self._pause_s == FIRST_PAUSE_S else logging.DEBUG
        logger.log(level, "%s answers %s, asking again", self._consumer, status)
        self._paused_until = time.monotonic() + self._pause_s
        asyncio.get_running_loop().call_later(self._pause_s, self.refill)
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    def _on_reconnected(self) -> None:
        self._connected_at = time.time()
        self._forget()

    def _forget(self) -> None:
        self.credit = 0
        self._asked.clear()
        self._paused_until = 0.0
        self.refill()

    async def _watching(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            now = time.monotonic()
            # Requests that were answered in full end without a word; they are forgotten when they would have
            # expired.
            for n in [n for n, (_, expires_at) in self._asked.items() if expires_at < now]:
                del self._asked[n]
            if not self._bus.connected.is_set():
                continue
            if self.credit > 0 and now - self._heard_at > SILENCE_S:
                logger.warning("%s: no heartbeat for %.0f s, asking again", self._consumer, SILENCE_S)
                self._forget()
            self.refill()
