"""Calls of the system's API (`dspex-api.<user>.…`, `dspex-admin.<user>.…`): one answer or pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from nats.aio.msg import Msg

from dspex import headers
from dspex.client.bus import Bus, NoAnswerError
from dspex.codec import decode_bytes
from dspex.errors import DspexError
from dspex.messages import WireError
from dspex.subjects import admin_subject, api_subject
from dspex.wire_json import dumps, loads

_TIMEOUT_S = 10.0
# Keep-alives come each 15 s; twice that without a word and the server is gone.
_SILENCE_S = 35.0


class InterruptedAnswerError(DspexError):
    """The connection was lost while an answer in pieces came: ask again from the last position."""

    def __init__(self, verb: str) -> None:
        super().__init__("unavailable", f"{verb}: the connection was interrupted")


class Piece(NamedTuple):
    data: bytes
    # Counts from 0 within one answer.
    position: int


class MorePieces(NamedTuple):
    """Last of an answer that has more to ask for."""


class Api:
    def __init__(self, bus: Bus, user: str) -> None:
        self._bus = bus
        self._user = user

    @property
    def is_closed(self) -> bool:
        return self._bus.is_closed

    async def request(
        self,
        verb: str,
        body: Any = None,
        *,
        request_headers: dict[str, str] | None = None,
        timeout_s: float = _TIMEOUT_S,
        admin: bool = False,
    ) -> Any:
        """Raises the service's error, or `NoAnswerError` when nobody serves the verb."""
        data = b"" if body is None else dumps(body)
        return await self.request_bytes(
            verb, data, request_headers=request_headers, timeout_s=timeout_s, admin=admin
        )

    async def request_bytes(
        self,
        verb: str,
        data: bytes,
        *,
        request_headers: dict[str, str] | None = None,
        timeout_s: float = _TIMEOUT_S,
        admin: bool = False,
    ) -> Any:
        build = admin_subject if admin else api_subject
        message = await self._bus.request(build(self._user, verb), data, timeout_s, request_headers)
        _raise_error_in(message)
        return loads(message.data) if message.data else None

    async def pieces(
        self,
        verb: str,
        body: Any = None,
        *,
        silence_s: float = _SILENCE_S,
        restarts: str | None = None,
    ) -> AsyncGenerator[Piece | MorePieces, None]:
        """The pieces of one answer until its end; `MorePieces` comes last where there is more to ask for.

        Raises `NoAnswerError` when nothing came for `silence_s`, `InterruptedAnswerError` when the connection
        was away, or when word came on the subject `restarts` that the service is there anew.
        """
        arrived: asyncio.Queue[Msg | None] = asyncio.Queue()
        inbox = self._bus.new_inbox()

        async def take(message: Msg) -> None:
            arrived.put_nowait(message)

        async def restarted(message: Msg) -> None:
            if loads(message.data).get("status") == "running":
                arrived.put_nowait(None)

        subscriptions = [await self._bus.subscribe(inbox, take)]
        if restarts is not None:
            subscriptions.append(await self._bus.subscribe(restarts, restarted))
        end_listening = self._bus.on_reconnect(lambda: arrived.put_nowait(None))
        try:
            data = b"" if body is None else dumps(body)
            await self._bus.connected(_TIMEOUT_S)
            await self._bus.publish(api_subject(self._user, verb), data, inbox, None)
            while True:
                message = await _next(arrived, verb, silence_s)
                found = message.headers or {}
                if found.get("Status") == "503":
                    raise NoAnswerError(f"nobody serves {verb}")
                _raise_error_in(message)
                end = found.get(headers.END)
                if end is not None:
                    if end == "more":
                        yield MorePieces()
                    return
                if message.data:
                    yield Piece(message.data, int(found.get(headers.INDEX, "0")))
        finally:
            end_listening()
            for subscription in subscriptions if self._bus.is_connected else ():
                await subscription.unsubscribe()

    @asynccontextmanager
    async def listening(self, subject: str, on_message: Callable[[], None]) -> AsyncIterator[None]:
        """Calls back for each message of a subject, and after a reconnect: one may have been missed."""

        async def take(_message: Msg) -> None:
            on_message()

        subscription = await self._bus.subscribe(subject, take)
        end_listening = self._bus.on_reconnect(on_message)
        try:
            yield
        finally:
            end_listening()
            if self._bus.is_connected:
                await subscription.unsubscribe()


async def _next(arrived: asyncio.Queue[Msg | None], verb: str, silence_s: float) -> Msg:
    try:
        async with asyncio.timeout(silence_s):
            message = await arrived.get()
    except TimeoutError:
        raise NoAnswerError(f"{verb}: the answer stopped") from None
    if message is None:
        raise InterruptedAnswerError(verb)
    return message


def _raise_error_in(message: Msg) -> None:
    if headers.SERVICE_ERROR_CODE in (message.headers or {}):
        raise DspexError.from_wire(decode_bytes(WireError, message.data))
