"""`connect()`: from settings to a client."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Any

from dspex.client.bus import Bus
from dspex.client.client import Client
from dspex.client.pending import PendingResults
from dspex.client.settings import find_settings


class Connecting:
    """What `connect()` returns: to be awaited, or entered by `async with`, which closes it at the end."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._client: Client | None = None

    def __await__(self) -> Generator[Any, None, Client]:
        return _connect(**self._settings).__await__()

    async def __aenter__(self) -> Client:
        self._client = await self
        return self._client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.close()


def connect(
    url: str | None = None,
    *,
    user: str | None = None,
    password: str | None = None,
    home: str | Path | None = None,
    name: str = "dspex-client",
    timeout_ms: int = 30_000,
) -> Connecting:
    """Connects an application: `async with dspex.connect() as client`.

    Settings: what is passed, else NATS_URL, NATS_USER, NATS_PASSWORD, else the `.dspex` folder. Raises
    `not_allowed` for wrong or missing credentials, `unavailable` when there is no server within `timeout_ms`.
    """
    return Connecting(url=url, user=user, password=password, home=home, name=name, timeout_ms=timeout_ms)


async def _connect(
    url: str | None,
    user: str | None,
    password: str | None,
    home: str | Path | None,
    name: str,
    timeout_ms: int,
) -> Client:
    settings = find_settings(url, user, password, home)
    bus = await Bus.open(settings, name, timeout_ms / 1_000)
    return await Client(bus, settings.user, PendingResults(bus, settings.user)).start()
