"""The way of one request through a real server and a real worker process."""

from __future__ import annotations

import pytest

from tests.pool.log_kit import TRACEPARENT, Log, program, python, work_data
from tests.pool.nats_kit import NatsKit
from tests.pool.pool_process import pool_process

pytestmark = pytest.mark.integration
ECHO = program("echo-python", "text: str, n: int = 3 -> same_text: str, same_n: int", python("echo"))


async def test_work_becomes_one_result_with_what_the_work_said(nats_kit: NatsKit, log: Log) -> None:
    async with pool_process(nats_kit, "--slots", "4") as pool:
        await pool.ready()
        await log.register(ECHO)
        request_id = log.next_id()
        work = work_data(ECHO, request_id, {"text": "hé"}, session="s1", fallbackReason="because")
        sequence = await log.send(work)

        event = await log.result_event(request_id)

        assert event["source"] == "pool-general/1"
        assert event["type"] == "dspex.result.stored.v1"
        assert event["traceparent"] == TRACEPARENT
        result = event["data"]
        attempt = result["attempts"][0]
        timings = result["timings"]
        assert result == {
            "id": request_id,
            "status": "succeeded",
            "outputs": {"same_text": "hé", "same_n": 3},
            "program": "echo-python",
            "version": ECHO["version"],
            "implementation": "echo",
            "attempts": [
                {
                    "attempt": 1,
                    "implementation": "echo",
                    "pool": "general",
                    "worker": "1",
                    "startedAt": attempt["startedAt"],
                    "durationMs": attempt["durationMs"],
                }
            ],
            "fallbackReason": "because",
            "usage": {"inputTokens": 0, "outputTokens": 0},
            "timings": timings,
            "decision": work["decision"],
            "session": "s1",
            "requestHash": work["requestHash"],
            "log": {"request": 7, "work": [sequence], "failures": []},
        }
        assert timings["routeMs"] == 1.5
        assert timings["queueMs"] >= 18
        assert timings["totalMs"] >= timings["queueMs"]
        for part in ("decodeMs", "validateMs", "codeMs", "encodeMs"):
            assert 0 < timings[part] < 1_000, part
        assert "modelMs" not in timings
        assert timings["validateMs"] + timings["codeMs"] <= timings["runMs"]
        await pool.until(lambda: not pool.held and any("released" in line for line in pool.said))
        assert await log.unacknowledged() == 0


async def test_ping_says_who_answers(nats_kit: NatsKit, log: Log) -> None:
    definition = program("ping", "q: str | None -> ok: bool, pool: str, worker: str", python("ping"))
    async with pool_process(nats_kit, "--worker", "2") as pool:
        await pool.ready()
        await log.register(definition)
        result = await log.run(definition, {}, worker="2")
        assert result["outputs"] == {"ok": True, "pool": "general", "worker": "2"}
