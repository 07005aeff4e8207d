"""What a worker does when things do not go as planned with an attempt: cancelled, too late, beaten to it."""

from __future__ import annotations

import json
import time

import pytest
import pytest_asyncio

from tests.pool.log_kit import Log, program, python, work_data
from tests.pool.nats_kit import NatsKit
from tests.pool.pool_process import PoolProcess

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]
WAITS = program("waits", "seconds: float -> waited: float", python("waits"))


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def registered(log: Log) -> None:
    await log.register(WAITS)


async def running(pool: PoolProcess, count: int = 1) -> None:
    await pool.until(lambda: len(pool.held) >= count)


async def begun(pool: PoolProcess, request_id: str) -> None:
    """Its function runs: a worker that holds work may still be looking for a result."""
    await pool.until(
        lambda: any((line.get("requestId"), line["message"]) == (request_id, "begun") for line in pool.logged)
    )


async def test_an_answer_that_comes_second_is_superseded(pool: PoolProcess, log: Log) -> None:
    request_id = log.next_id()
    await log.send(work_data(WAITS, request_id, {"seconds": 4}))
    await begun(pool, request_id)
    await log.store_result(request_id)
    await log.until(lambda: log.superseded)
    assert log.superseded == [{"id": request_id, "attempt": 1, "pool": "general", "worker": "1"}]
    await pool.until(lambda: not pool.held)
    assert await log.unacknowledged() == 0
    assert (await log.result(request_id))["status"] == "cancelled"


@pytest.mark.parametrize("target", ["1", "any"])
async def test_cancel_ends_the_attempt_and_acknowledges_the_work(
    pool: PoolProcess, nats_kit: NatsKit, log: Log, target: str
) -> None:
    request_id, other_id = log.next_id(), log.next_id()
    await log.send(work_data(WAITS, request_id, {"seconds": 30}))
    await running(pool)
    await log.send(work_data(WAITS, other_id, {"seconds": 4}))
    await running(pool, 2)
    cancel = {"verb": "cancel", "id": request_id, "reason": "cancelled"}
    await nats_kit.admin.publish(f"dspex-control.general.{target}", json.dumps(cancel).encode())
    await pool.until(lambda: len(pool.held) < 2)
    assert (await log.result(other_id))["status"] == "succeeded"
    await pool.until(lambda: not pool.held)
    assert await log.unacknowledged() == 0
    assert log.failures == []


async def test_work_that_is_too_late_is_not_started_and_work_that_gets_late_is_ended(
    pool: PoolProcess, log: Log
) -> None:
    for seconds, deadline_ms in ((0.0, -1_000), (120.0, 600)):
        started = time.monotonic()
        error = await log.run_failing(WAITS, {"seconds": seconds}, deadline_ms=deadline_ms)
        assert (error["code"], error["retryable"]) == ("deadline_exceeded", False)
        assert time.monotonic() - started < 60
        assert log.failures[-1]["decision"]["chosen"] == "waits"
    limited = program("limited", "seconds: float -> waited: float", python("waits", timeoutMs=300))
    await log.register(limited)
    error = await log.run_failing(limited, {"seconds": 120.0})
    assert error["code"] == "lm_timeout"
    assert "300 ms" in error["message"]


async def test_what_is_no_work_is_put_away_and_the_next_one_runs(
    pool: PoolProcess, nats_kit: NatsKit, log: Log
) -> None:
    await nats_kit.admin.jetstream().publish("dspex.work.general.any", b'{"data": 7}')
    assert (await log.run(WAITS, {"seconds": 0.0}))["status"] == "succeeded"
    await pool.until(lambda: any("is no work" in line["message"] for line in pool.logged))
    await pool.until(lambda: not pool.held)
    assert await log.unacknowledged() == 0
