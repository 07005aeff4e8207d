"""What a worker process does when things do not go as planned with it: killed, stuck, drained, cut off."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.pool.log_kit import Log, program, python, work_data
from tests.pool.nats_kit import NatsKit
from tests.pool.pool_process import PoolProcess, pool_process

pytestmark = pytest.mark.integration
MODULES = ("--modules", str(Path(__file__).parent / "user_modules"))
WAITS = program("waits", "seconds: float -> waited: float", python("waits"))
BLOCKS = program("blocks", "seconds: float -> waited: float", python("blocks"))
BLOCKING_MODULE = program("blocking-module", "seconds: float -> waited: float", python("BlockingModule"))


async def register_all(log: Log) -> None:
    for definition in (WAITS, BLOCKS, BLOCKING_MODULE):
        await log.register(definition)


async def running(pool: PoolProcess, count: int = 1) -> None:
    await pool.until(lambda: len(pool.held) >= count)


async def test_kill_9_in_the_middle_gives_the_work_to_the_next_process(nats_kit: NatsKit, log: Log) -> None:
    await register_all(log)
    request_id = log.next_id()
    async with pool_process(nats_kit, *MODULES) as first:
        await first.ready()
        sequence = await log.send(work_data(WAITS, request_id, {"seconds": 4.0}))
        await running(first)
        await first.kill9()
        held = first.held
    assert list(held.values()) == [sequence]
    # What the supervisor does with it.
    for ack_subject in held:
        await nats_kit.admin.publish(ack_subject, b"-NAK")
    async with pool_process(nats_kit, *MODULES) as second:
        await second.ready()
        result = await log.result(request_id)
        assert result["outputs"] == {"waited": 4.0}
        await second.until(lambda: not second.held)
        assert await log.unacknowledged() == 0
    assert log.failures == []


async def test_a_redelivery_that_has_a_result_is_only_acknowledged(nats_kit: NatsKit, log: Log) -> None:
    await register_all(log)
    request_id = log.next_id()
    async with pool_process(nats_kit, *MODULES) as first:
        await first.ready()
        await log.send(work_data(WAITS, request_id, {"seconds": 30}))
        await running(first)
        await first.kill9()
        await log.store_result(request_id)
        for ack_subject in first.held:
            await nats_kit.admin.publish(ack_subject, b"-NAK")
    async with pool_process(nats_kit, *MODULES) as second:
        await second.ready()
        await second.until(lambda: any("released" in line for line in second.said))
        assert await log.unacknowledged() == 0
    assert log.superseded == log.failures == []


async def test_what_was_answered_before_this_process_came_is_not_run(nats_kit: NatsKit, log: Log) -> None:
    """A server that is killed forgets what it delivered last, and delivers it as for the first time."""
    await register_all(log)
    request_id = log.next_id()
    await log.send(work_data(WAITS, request_id, {"seconds": 30}))
    await log.store_result(request_id)
    async with pool_process(nats_kit, *MODULES) as pool:
        await pool.ready()
        await pool.until(lambda: any("released" in line for line in pool.said))
        assert await log.unacknowledged() == 0
    assert log.superseded == log.failures == []


async def test_code_that_blocks_keeps_beats_and_in_progress_going(nats_kit: NatsKit, log: Log) -> None:
    await register_all(log)
    async with pool_process(nats_kit, *MODULES, "--slots", "4") as pool:
        await pool.ready()
        # Longer than ack_wait, with all slots blocked: without in-progress it would be delivered again.
        runs = [log.run(blocking, {"seconds": 6.5}) for blocking in (BLOCKS, BLOCKING_MODULE) * 2]
        results = await asyncio.gather(*runs)
        assert [result["outputs"]["waited"] for result in results] == [6.5] * 4
        beats = [beat for beat in log.beats if beat["busy"] == 4]
        assert len(beats) >= 3
        assert beats[0]["slots"] == 4
        assert beats[0]["rssBytes"] > 10_000_000
        assert beats[0]["sequence"] > 0
        assert sum("held" in line for line in pool.said) == 4
    assert log.superseded == []


async def test_threads_that_do_not_come_back_lose_their_slots_until_the_process_asks_to_be_replaced(
    nats_kit: NatsKit, log: Log
) -> None:
    await register_all(log)
    async with pool_process(nats_kit, *MODULES, "--slots", "2") as pool:
        await pool.ready()
        error = await log.run_failing(BLOCKS, {"seconds": 25}, deadline_ms=3_000)
        assert error["code"] == "deadline_exceeded"
        await log.until(lambda: log.beats and log.beats[-1]["slots"] == 1)
        assert (await log.run(WAITS, {"seconds": 0}))["status"] == "succeeded"
        await log.run_failing(BLOCKS, {"seconds": 25}, deadline_ms=3_000)
        await pool.until(lambda: any("recycle" in line for line in pool.said))
        pool.terminate()
        # Long before the threads come back.
        assert await pool.ended(timeout_s=15) == 0


async def test_sigterm_finishes_what_runs_takes_nothing_more_and_ends_with_0(
    nats_kit: NatsKit, log: Log
) -> None:
    await register_all(log)
    async with pool_process(nats_kit, *MODULES, "--slots", "4") as pool:
        await pool.ready()
        request_id = log.next_id()
        await log.send(work_data(WAITS, request_id, {"seconds": 4.0}))
        await running(pool)
        pool.terminate()
        await pool.until(lambda: any(line.get("message") == "draining" for line in pool.logged))
        await asyncio.sleep(0.2)
        late = log.next_id()
        await log.send(work_data(WAITS, late, {"seconds": 0}))
        assert (await log.result(request_id))["status"] == "succeeded"
        assert await pool.ended() == 0
        assert [line for line in pool.said if "held" in line] == [
            line for line in pool.said if "held" in line
        ][:1]
    async with pool_process(nats_kit, *MODULES) as successor:
        await successor.ready()
        assert (await log.result(late))["status"] == "succeeded"


async def test_drain_by_control_and_the_end_of_the_supervisor_end_it_too(nats_kit: NatsKit, log: Log) -> None:
    async with pool_process(nats_kit) as pool:
        await pool.ready()
        await nats_kit.admin.publish("dspex-control.general.1", b'{"verb":"drain"}')
        assert await pool.ended() == 0
    async with pool_process(nats_kit) as pool:
        await pool.ready()
        assert pool.process.stdin is not None
        pool.process.stdin.close()
        assert await pool.ended() == 0


async def test_a_second_signal_gives_back_what_runs(nats_kit: NatsKit, log: Log) -> None:
    await register_all(log)
    async with pool_process(nats_kit, *MODULES) as pool:
        await pool.ready()
        request_id = log.next_id()
        await log.send(work_data(WAITS, request_id, {"seconds": 30}, deadline_ms=60_000))
        await running(pool)
        pool.terminate()
        await pool.until(lambda: any(line.get("message") == "draining" for line in pool.logged))
        pool.terminate()
        # It does not wait for the half minute.
        assert await pool.ended(timeout_s=25) == 0
    async with pool_process(nats_kit, *MODULES) as successor:
        await successor.ready()
        await successor.until(lambda: bool(successor.held))


async def test_a_warm_spare_serves_under_its_new_name_at_once(nats_kit: NatsKit, log: Log) -> None:
    await register_all(log)
    begun = time.monotonic()
    async with pool_process(nats_kit, *MODULES, "--spare") as spare:
        await spare.until(lambda: spare.said == [{"warm": True}])
        warm_ms = (time.monotonic() - begun) * 1_000
        request_id = log.next_id()
        await log.send(work_data(WAITS, request_id, {"seconds": 0}), worker="2")
        started = time.monotonic()
        spare.take("2", "life-2")
        await spare.ready()
        ready_ms = (time.monotonic() - started) * 1_000
        result = await log.result(request_id)
        answered_ms = (time.monotonic() - started) * 1_000
        print(f"spare: ready after {ready_ms:.0f} ms, first answer after {answered_ms:.0f} ms")  # noqa: T201
        assert result["attempts"][0]["worker"] == "2"
        await log.until(lambda: any(beat["incarnation"] == "life-2" for beat in log.beats))
        # What takes long was done before, however slow the machine is.
        assert ready_ms < warm_ms / 2


async def test_a_login_that_is_refused_for_a_while_loses_nothing(nats_kit: NatsKit, log: Log) -> None:
    await register_all(log)
    async with pool_process(nats_kit, *MODULES) as pool:
        await pool.ready()
        request_id = log.next_id()
        await log.send(work_data(WAITS, request_id, {"seconds": 2.5}, deadline_ms=60_000))
        await running(pool)
        nats_kit.reload(pool_password="another")
        await pool.until(lambda: any("Authorization" in line["message"] for line in pool.logged))
        await asyncio.sleep(3)
        nats_kit.reload()
        assert (await log.stored_result(request_id))["status"] == "succeeded"
        assert (await log.run(WAITS, {"seconds": 0.0}))["status"] == "succeeded"
        await pool.until(lambda: not pool.held)
        assert any("gave up" in line["message"] for line in pool.logged)
        assert await log.unacknowledged() == 0


async def test_a_server_that_is_away_loses_nothing(nats_kit: NatsKit, log: Log) -> None:
    await register_all(log)
    async with pool_process(nats_kit, *MODULES, "--slots", "8") as pool:
        await pool.ready()
        ids = [log.next_id() for _ in range(8)]
        for request_id in ids:
            await log.send(work_data(WAITS, request_id, {"seconds": 4.0}, deadline_ms=120_000))
        await running(pool, 8)
        await nats_kit.stop()
        # Longer than ack_wait: the consumer gives the work out again, to the one that still has it.
        await asyncio.sleep(7)
        await nats_kit.start()
        for request_id in ids:
            assert (await log.stored_result(request_id))["status"] == "succeeded"
        await pool.until(lambda: not pool.held)
        assert await log.unacknowledged() == 0
    assert log.failures == log.superseded == []


async def test_work_that_ends_every_process_is_reported_instead_of_run_again(
    nats_kit: NatsKit, log: Log
) -> None:
    await register_all(log)
    request_id = log.next_id()
    await log.send(work_data(WAITS, request_id, {"seconds": 0.0}))
    for _ in range(8):
        taken = await nats_kit.admin.request(
            "$JS.API.CONSUMER.MSG.NEXT.DSPEX.work-general-any", b"1", timeout=20, old_style=True
        )
        await nats_kit.admin.publish(taken.reply, b"-NAK")
    async with pool_process(nats_kit, *MODULES) as pool:
        await pool.ready()
        error = (await log.failure(request_id))["error"]
        assert (error["code"], error["retryable"]) == ("worker_lost", False)


async def test_a_full_log_is_waited_for(nats_kit: NatsKit, log: Log) -> None:
    await register_all(log)
    async with pool_process(nats_kit, *MODULES) as pool:
        await pool.ready()
        request_id = log.next_id()
        sequence = await log.send(work_data(WAITS, request_id, {"seconds": 2.0}))
        stream = (await nats_kit.api("STREAM.INFO.DSPEX", {}))["config"]
        await nats_kit.api("STREAM.UPDATE.DSPEX", {**stream, "max_msgs": sequence})
        await asyncio.sleep(3)
        assert not log.has_result(request_id)
        await nats_kit.api("STREAM.UPDATE.DSPEX", {**stream, "max_msgs": -1})
        assert (await log.result(request_id))["status"] == "succeeded"
    assert log.failures == []


async def test_work_for_this_worker_and_work_for_any_share_the_slots(nats_kit: NatsKit, log: Log) -> None:
    await register_all(log)
    async with pool_process(nats_kit, *MODULES, "--slots", "2") as pool:
        await pool.ready()
        ids = [log.next_id() for _ in range(8)]
        started = time.monotonic()
        for n, request_id in enumerate(ids):
            target = "1" if n % 2 else "any"
            await log.send(work_data(WAITS, request_id, {"seconds": 0.3}), worker=target)
        for request_id in ids:
            assert (await log.result(request_id))["status"] == "succeeded"
        # Four rounds of two: never more at once than there are slots.
        assert time.monotonic() - started > 0.8
        assert max(beat["busy"] for beat in log.beats) <= 2
