from collections.abc import AsyncIterator, Iterator

import pytest
from nats.aio.client import Client as NatsClient

from dspex.client.bus import Bus
from dspex.client.client import Client
from dspex.client.pending import PendingResults
from dspex.client.settings import Settings
from tests.client.fake_api import FakeApi
from tests.client.fake_router import FakeRouter
from tests.kit import TestNats, start_nats


@pytest.fixture(scope="session")
def nats() -> Iterator[TestNats]:
    with start_nats("other") as server:
        yield server


@pytest.fixture
async def fake_router(nats: TestNats) -> AsyncIterator[FakeRouter]:
    connection = await nats.connect_as("router")
    yield await FakeRouter(connection).start()
    await connection.close()


@pytest.fixture
async def fake_api(nats: TestNats) -> AsyncIterator[FakeApi]:
    """Plays the services of the API."""
    connections = {
        role: await nats.connect_as(role)
        for role in ("gateway", "programs", "learning", "variables", "sessions")
    }
    yield FakeApi(connections)
    for connection in connections.values():
        await connection.close()


@pytest.fixture
async def local(nats: TestNats) -> AsyncIterator[NatsClient]:
    """A plain connection of the application user `local`."""
    connection = await nats.connect_as("local")
    yield connection
    await connection.close()


@pytest.fixture
async def client(nats: TestNats) -> AsyncIterator[Client]:
    """Like `dspex.connect()`, but impatient."""
    login = nats.login("local")
    bus = await Bus.open(Settings(nats.url, login["user"], login["password"]), "test", timeout_s=60)
    pending = PendingResults(bus, login["user"], grace_s=0.2, tick_s=0.05, first_look_s=0.3)
    made = await Client(bus, login["user"], pending).start()
    yield made
    await made.close()
