"""The one door to NATS: a connection that is kept, requests on its shared inbox, and word of each reconnect.

DspexError
└── NoAnswerError   unavailable: no answer in time, or not connected
    └── NobodyThereError   nobody serves it: what was asked was not done
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self

import nats.errors
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from dspex.cancellation import ended, heeded
from dspex.client.settings import Settings
from dspex.errors import DspexError

_log = logging.getLogger("dspex.client")

_RECONNECT_WAIT_S = 0.25


class NoAnswerError(DspexError):
    """Nobody answered; whether the message arrived is not known."""

    def __init__(self, message: str) -> None:
        super().__init__("unavailable", message)


class NobodyThereError(NoAnswerError):
    """Nobody serves what was asked, so that it was not done."""


class Bus:
    def __init__(self) -> None:
        self._nats = NatsClient()
        self._connected = asyncio.Event()
        self._refused: asyncio.Future[DspexError] = asyncio.get_running_loop().create_future()
        self._listeners: set[Callable[[], None]] = set()

    @classmethod
    async def open(cls, settings: Settings, name: str, timeout_s: float) -> Self:
        """Raises `not_allowed` for wrong credentials, `unavailable` when there is no server."""
        bus = cls()
        connecting = asyncio.create_task(
            bus._nats.connect(
                settings.url,
                user=settings.user,
                password=settings.password,
                name=name,
                max_reconnect_attempts=-1,
                reconnect_time_wait=_RECONNECT_WAIT_S,  # type: ignore[arg-type] # seconds, fractions too
                error_cb=bus._on_error,
                disconnected_cb=bus._on_disconnected,
                reconnected_cb=bus._on_reconnected,
            )
        )
        try:
            either: set[asyncio.Future[Any]] = {connecting, bus._refused}
            await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if bus._refused.done():
                raise bus._refused.result()
            if not connecting.done():
                raise NoAnswerError(f"no server at {settings.url} within {timeout_s:g} s")
            connecting.result()
        except BaseException:
            await ended(connecting)
            await bus.close()
            raise
        bus._connected.set()
        return bus

    async def close(self) -> None:
        self._connected.clear()
        self._listeners.clear()
        await self._nats.close()

    @property
    def is_connected(self) -> bool:
        return self._nats.is_connected and self._connected.is_set()

    @property
    def is_closed(self) -> bool:
        """Nothing will be answered any more."""
        return self._nats.is_closed

    def on_reconnect(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after each reconnect; returns what ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def connected(self, timeout_s: float) -> None:
        """Returns when there is a connection; raises `NoAnswerError` after `timeout_s`."""
        if self.is_connected:
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self._connected.wait()
        except TimeoutError:
            raise NoAnswerError("not connected") from None

    async def request(
        self, subject: str, body: bytes, timeout_s: float, headers: dict[str, str] | None = None
    ) -> Msg:
        """One answer, by the connection's shared inbox. Raises `NoAnswerError`."""
        started = time.monotonic()
        await self.connected(timeout_s)
        left = max(timeout_s - (time.monotonic() - started), 0.001)
        try:
            return await heeded(self._nats.request(subject, body, timeout=left, headers=headers))
        except nats.errors.NoRespondersError:
            raise NobodyThereError(f"nobody serves {subject}") from None
        except nats.errors.TimeoutError:
            raise NoAnswerError(f"no answer on {subject} within {timeout_s:g} s") from None
        except (nats.errors.Error, OSError) as error:
            raise NoAnswerError(f"{subject}: {error}") from error

    async def subscribe(self, subject: str, callback: Callable[[Msg], Awaitable[None]]) -> Subscription:
        try:
            return await self._nats.subscribe(subject, cb=callback)
        except (nats.errors.Error, OSError) as error:
            raise NoAnswerError(f"cannot subscribe to {subject}: {error}") from error

    async def publish(self, subject: str, body: bytes, reply: str, headers: dict[str, str] | None) -> None:
        try:
            await heeded(self._nats.publish(subject, body, reply=reply, headers=headers))
        except (nats.errors.Error, OSError) as error:
            raise NoAnswerError(f"{subject}: {error}") from error

    def new_inbox(self) -> str:
        return self._nats.new_inbox()

    async def _on_error(self, error: Exception) -> None:
        if "authorization" in str(error).lower() and not self._connected.is_set():
            if not self._refused.done():
                self._refused.set_result(DspexError("not_allowed", f"the server refuses the login: {error}"))
            return
        _log.warning("nats: %s", error)

    async def _on_disconnected(self) -> None:
        self._connected.clear()

    async def _on_reconnected(self) -> None:
        self._connected.set()
        for listener in tuple(self._listeners):
            listener()
