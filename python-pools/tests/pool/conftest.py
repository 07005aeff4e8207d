from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.pool.log_kit import Log
from tests.pool.nats_kit import NatsKit, running_nats


@pytest.fixture
async def nats_kit() -> AsyncIterator[NatsKit]:
    async with running_nats() as kit:
        yield kit


@pytest.fixture
async def log(nats_kit: NatsKit) -> Log:
    log = Log(nats_kit.admin)
    await log.open()
    return log
