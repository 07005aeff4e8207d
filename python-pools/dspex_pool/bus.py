"""One NATS connection for the life of the process.

nats-py reconnects by itself, but gives up for good on an authorization error; then a new client is made and
the subscriptions move over, because what this process holds (answers that were paid for) must not die with a
client.

    open ─▶ connected ─▶ lost ─▶ (nats-py) connected again ─▶ listeners are told
                           └─▶ closed ─▶ a new client ─▶ subscribe all again ─▶ listeners are told
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from dspex.cancellation import heeded
from dspex_pool.config import NatsSettings

Handler = Callable[[Msg], Awaitable[None]]

RECONNECT_WAIT_S: Final = 0.25
PING_INTERVAL_S: Final = 5
REPEAT_ERROR_S: Final = 10.0
PENDING_BYTES: Final = 16 * 1024 * 1024

logger = logging.getLogger("dspex.bus")


class Listening:
    """A subscription that outlives its client."""

    def __init__(self, subject: str, handler: Handler, on_stop: Callable[[Listening], None]) -> None:
        self.subject = subject
        self.handler = handler
        self.current: Subscription | None = None
        self._on_stop = on_stop

    async def stop(self) -> None:
        """Tell the server to send no more, then hand on what was already under way."""
        current, self.current = self.current, None
        self._on_stop(self)
        if current is not None:
            with contextlib.suppress(NatsError):
                await heeded(current.drain())


class Bus:
    def __init__(self, settings: NatsSettings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._client = Client()
        self._listening: list[Listening] = []
        self._on_connected: list[Callable[[], None]] = []
        self._closing = False
        self._last_error = ("", 0.0)
        self._reopening: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()
        # Unique to this process life; every reply subject of ours lies below it.
        self.inbox = f"{settings.inbox_prefix}.{secrets.token_hex(8)}"

    async def open(self) -> None:
        """Returns when connected, however long the server takes to come up."""
        await self._connect()

    def on_connected(self, told: Callable[[], None]) -> Callable[[], None]:
        """Called after each reconnection: replies that were under way are lost, pull requests forgotten.

        Returns what ends that.
        """
        self._on_connected.append(told)
        return lambda: self._on_connected.remove(told)

    async def listen(self, subject: str, handler: Handler) -> Listening:
        listening = Listening(subject, handler, self._listening.remove)
        self._listening.append(listening)
        listening.current = await self._client.subscribe(subject, cb=handler)
        return listening

    async def publish(
        self, subject: str, data: bytes, reply: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Hands it to the socket, no promise: what must arrive goes through the Publisher."""
        try:
            await heeded(self._client.publish(subject, data, reply, headers))
        except NatsError as error:
            logger.debug("not sent to %s: %s", subject, type(error).__name__)
            # nats-py does not always tell that it closed: what it had to send could not be sent any more.
            await self._on_closed()

    async def request(
        self, subject: str, data: bytes, timeout_s: float, headers: dict[str, str] | None = None
    ) -> Msg:
        """@raises nats.errors.Error: no responders, timeout, or a connection that is gone."""
        return await heeded(self._client.request(subject, data, timeout=timeout_s, headers=headers))

    async def flush(self, timeout_s: int = 5) -> None:
        await heeded(self._client.flush(timeout_s))

    async def close(self) -> None:
        self._closing = True
        self.connected.clear()
        if self._reopening is not None:
            self._reopening.cancel()
        if not self._client.is_closed:
            await self._client.close()

    async def _connect(self) -> None:
        await self._client.connect(
            servers=[self._settings.url],
            user=self._settings.user,
            password=self._settings.password,
            name=self._name,
            inbox_prefix=self._settings.inbox_prefix,
            allow_reconnect=True,
            max_reconnect_attempts=-1,
            # nats-py declares whole seconds and passes what it is given to asyncio.sleep.
            reconnect_time_wait=RECONNECT_WAIT_S,  # type: ignore[arg-type]
            ping_interval=PING_INTERVAL_S,
            max_outstanding_pings=2,
            pending_size=PENDING_BYTES,
            skip_subject_validation=True,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnected,
            reconnected_cb=self._on_reconnected,
            closed_cb=self._on_closed,
        )
        self.connected.set()

    async def _on_error(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        now = time.monotonic()
        # While a server is away each attempt to connect fails in the same words.
        if text != self._last_error[0] or now - self._last_error[1] > REPEAT_ERROR_S:
            self._last_error = (text, now)
            logger.warning("nats: %s", text)

    async def _on_disconnected(self) -> None:
        self.connected.clear()
        if not self._closing:
            logger.warning("nats: disconnected, what is held is kept")

    async def _on_reconnected(self) -> None:
        logger.info("nats: connected again")
        self._tell()

    async def _on_closed(self) -> None:
        if self._closing or not self._client.is_closed:
            return
        self.connected.clear()
        if self._reopening is None or self._reopening.done():
            self._reopening = asyncio.get_running_loop().create_task(self._reopen(), name="bus-reopen")

    async def _reopen(self) -> None:
        logger.warning("nats: the client gave up, making another")
        while not self._closing:
            self._client = Client()
            try:
                await self._connect()
                for listening in list(self._listening):
                    listening.current = await self._client.subscribe(listening.subject, cb=listening.handler)
            except (OSError, NatsError) as error:
                logger.warning("nats: %s: %s", type(error).__name__, error)
                await asyncio.sleep(RECONNECT_WAIT_S)
                continue
            self._tell()
            return

    def _tell(self) -> None:
        self.connected.set()
        for told in list(self._on_connected):
            told()
