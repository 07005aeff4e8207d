"""A server that goes away, comes back, or does not let us in."""

import asyncio

import pytest

import dspex
from dspex.errors import DspexError
from tests.client.fake_router import FakeRouter
from tests.kit import until

pytestmark = pytest.mark.integration


async def test_wrong_password(nats):
    with pytest.raises(DspexError) as raised:
        await dspex.connect(nats.url, user="local", password="wrong")
    assert raised.value.code == "not_allowed"


async def test_no_server():
    with pytest.raises(DspexError, match=r"no server at nats://127\.0\.0\.1:9") as raised:
        await dspex.connect("nats://127.0.0.1:9", user="local", password="pw", timeout_ms=300)
    assert raised.value.code == "unavailable"


async def test_a_result_that_came_while_we_were_away_is_found_after_the_reconnect(nats, client, fake_router):
    run = await client.program("late").submit(x=1)
    nats.kill9()
    await until(lambda: not client._bus.is_connected)
    nats.restart()
    await until(lambda: fake_router.connection.is_connected)
    await fake_router.answer_held()
    async with asyncio.timeout(60):
        assert await run.outputs() == {"x": 1}


async def test_a_request_made_while_the_server_is_away_is_sent_when_it_is_back(nats, client):
    nats.kill9()
    await until(lambda: not client._bus.is_connected)
    calling = asyncio.create_task(client.program("echo")(x=1))
    await asyncio.sleep(0)
    nats.restart()
    connection = await nats.connect_as("router")
    await FakeRouter(connection).start()
    async with asyncio.timeout(60):
        assert await calling == {"x": 1}
    await connection.close()


async def test_a_server_that_stays_away_is_unavailable_after_the_deadline(nats, client):
    nats.kill9()
    try:
        await until(lambda: not client._bus.is_connected)
        with pytest.raises(DspexError) as raised:
            await client.program("echo")(x=1, deadline_ms=200)
        assert raised.value.code == "unavailable"
    finally:
        nats.restart()
