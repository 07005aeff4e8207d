"""One server, one model and one pool's process for all tests of this folder, which only ask them things.

Each file says `loop_scope="session"`: its tests run on the loop that the shared connections belong to.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.pool.fake_model_server import KEY, FakeModelServer, fake_model_server
from tests.pool.log_kit import Log
from tests.pool.nats_kit import NatsKit, running_nats
from tests.pool.pool_process import PoolProcess, pool_process

MODULES = ("--modules", str(Path(__file__).parents[1] / "user_modules"))


def path_without(command: str) -> str:
    """The folders of PATH that have no such command: what is said without it is said on any machine."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if shutil.which(command, path=folder) is None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nats_kit() -> AsyncIterator[NatsKit]:
    async with running_nats() as kit:
        yield kit


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_log(nats_kit: NatsKit) -> Log:
    log = Log(nats_kit.admin)
    await log.open()
    return log


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_model() -> AsyncIterator[FakeModelServer]:
    async with fake_model_server() as fake:
        yield fake


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pool(nats_kit: NatsKit, shared_model: FakeModelServer) -> AsyncIterator[PoolProcess]:
    environment = {"FAKE_KEY": KEY, "PATH": path_without("deno")}
    async with pool_process(
        nats_kit, *MODULES, models=shared_model.models(), environment=environment
    ) as process:
        await process.ready()
        yield process


@pytest.fixture
def log(shared_log: Log) -> Log:
    shared_log.forget()
    return shared_log


@pytest.fixture
def model(shared_model: FakeModelServer) -> FakeModelServer:
    shared_model.forget()
    return shared_model
