"""The pool's connection, where nats-py ends it for good."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from nats.aio.client import Client

from dspex_pool.bus import Bus
from dspex_pool.config import NatsSettings
from tests.pool.nats_kit import POOL_USER, NatsKit

pytestmark = pytest.mark.integration


async def test_a_client_that_closed_without_a_word_is_replaced(nats_kit: NatsKit) -> None:
    bus = Bus(NatsSettings(nats_kit.url, **POOL_USER), "test")
    await bus.open()
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def hear(message: Any) -> None:
        await heard.put(message.data)

    await bus.listen("dspex-control.general.1", hear)
    again = asyncio.Event()
    bus.on_connected(again.set)
    # As where the server refuses it while something is still to be sent.
    await bus._client._close(Client.CLOSED, do_cbs=False)
    await bus.publish("dspex-beat.general.1", b"lost")
    async with asyncio.timeout(60):
        await again.wait()
        await bus.flush()
        await nats_kit.admin.publish("dspex-control.general.1", b"heard")
        assert await heard.get() == b"heard"
    await bus.close()
    await bus.publish("dspex-beat.general.1", b"lost")
    assert not bus.connected.is_set()
