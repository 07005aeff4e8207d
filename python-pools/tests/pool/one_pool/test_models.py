"""Model calls through a real worker process: what is sent, what is counted, and what each fault is called."""

from __future__ import annotations

import pytest
import pytest_asyncio

from tests.pool.fake_model_server import KEY, Answer, FakeModelServer, fails, says
from tests.pool.log_kit import Log, dspy, program, work_data
from tests.pool.nats_kit import NatsKit
from tests.pool.pool_process import PoolProcess, pool_process

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]
QA = program("qa", "question: str -> answer: str, confidence: float(ge=0, le=1)", dspy("Predict"))


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def registered(log: Log) -> None:
    await log.register(QA)


async def test_predict_asks_for_the_signatures_schema_and_counts_tokens_and_money(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.answers = [says({"answer": "Paris", "confidence": 0.75})]
    result = await log.run(QA, {"question": "capital of France?"})
    assert result["outputs"] == {"answer": "Paris", "confidence": 0.75}
    assert result["confidence"] == 0.75
    assert result["usage"] == {"inputTokens": 11, "outputTokens": 5, "costUsd": 21.0}
    assert result["attempts"][0]["usage"] == result["usage"]
    request = model.requests[0]
    assert request["model"] == "fake-1"
    assert request["max_tokens"] == 512
    schema = request["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == ["answer", "confidence"]
    assert model.keys == [f"Bearer {KEY}"]


async def test_the_works_settings_choose_model_temperature_and_length(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.answers = [says({"answer": "a", "confidence": 0})]
    await log.run(QA, {"question": "?"}, settings={"model": "other", "temperature": 0.5, "maxTokens": 33})
    request = model.requests[0]
    assert (request["model"], request["temperature"], request["max_tokens"]) == ("other-1", 0.5, 33)


async def test_usage_of_earlier_attempts_counts_for_the_request(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.answers = [says({"answer": "a", "confidence": 0})]
    before = {
        "attempt": 1,
        "implementation": "predict",
        "startedAt": "2026-01-01T00:00:00Z",
        "durationMs": 1,
        "usage": {"inputTokens": 100, "outputTokens": 1, "costUsd": 0.5},
    }
    result = await log.run(
        QA, {"question": "?"}, attempt=2, attempts=[before], log={"work": [3], "failures": [4]}
    )
    assert result["usage"] == {"inputTokens": 111, "outputTokens": 6, "costUsd": 21.5}
    assert result["attempts"][0] == before
    assert result["log"]["work"][0] == 3
    assert result["log"]["failures"] == [4]


FAULTS = [
    ("rate limited", fails(429, "slow down", **{"Retry-After": "2"}), "lm_rate_limited", True),
    ("server error", fails(500, "oops"), "lm_unavailable", True),
    ("bad key", fails(401, f"wrong key {KEY}"), "lm_auth", False),
    ("bad request", fails(400, "no such parameter"), "lm_rejected", False),
    ("too long", fails(400, "too long", "context_length_exceeded"), "context_window_exceeded", False),
    (
        "too long for llama.cpp",
        fails(400, "request (9158 tokens) exceeds the available context size (2048 tokens)", "400"),
        "context_window_exceeded",
        False,
    ),
    ("timeout", Answer(text="{}", delay_s=60), "lm_timeout", True),
    ("no JSON at all", Answer(body=b"<html>"), "lm_unavailable", True),
    ("another shape", Answer(text="I would rather not."), "output_parse_error", True),
    ("a missing output", says({"answer": "a"}), "output_parse_error", True),
    ("a broken constraint", says({"answer": "a", "confidence": 7}), "output_invalid", True),
]


@pytest.mark.parametrize(("name", "answer", "code", "retryable"), FAULTS, ids=[fault[0] for fault in FAULTS])
async def test_a_models_fault_has_its_code(
    pool: PoolProcess,
    log: Log,
    model: FakeModelServer,
    name: str,
    answer: Answer,
    code: str,
    retryable: bool,
) -> None:
    model.script = lambda _: answer
    request_id = log.next_id()
    settings = {"model": "hasty"} if name == "timeout" else {}
    work = work_data(QA, request_id, {"question": "a secret question"}, settings=settings)
    sequence = await log.send(work)

    failure = await log.failure(request_id)

    error = failure["error"]
    assert (error["code"], error["retryable"]) == (code, retryable), error
    assert error.get("retryAfterMs") == (2_000 if name == "rate limited" else None)
    assert KEY not in str(failure)
    assert "secret question" not in str(failure)
    assert "rather not" not in error["message"]
    assert failure["plan"] == work["plan"]
    assert (failure["workSequence"], failure["requestSequence"]) == (sequence, 7)
    assert (failure["pool"], failure["worker"], failure["attempt"]) == ("general", "1", 1)
    answered = code.startswith("output_")
    assert failure.get("usage", {}).get("inputTokens") == (11 if answered else None)
    await pool.until(lambda: not pool.held)
    assert await log.unacknowledged() == 0


async def test_a_server_that_is_not_there_is_unavailable(
    pool: PoolProcess, log: Log, model: FakeModelServer, nats_kit: NatsKit
) -> None:
    away = model.models(baseUrl="http://127.0.0.1:9/v1")
    async with pool_process(nats_kit, "--worker", "2", models=away, environment={"FAKE_KEY": KEY}) as other:
        await other.ready()
        error = await log.run_failing(QA, {"question": "?"}, worker="2")
        assert error["code"] == "lm_unavailable"


async def test_a_model_without_its_key_is_an_auth_error(
    log: Log, model: FakeModelServer, nats_kit: NatsKit
) -> None:
    async with pool_process(nats_kit, "--worker", "2", models=model.models()) as other:
        await other.ready()
        error = await log.run_failing(QA, {"question": "?"}, worker="2")
        assert error["code"] == "lm_auth"
        assert "FAKE_KEY" in error["message"]


async def test_wrong_inputs_names_and_settings_are_told_before_a_model_is_asked(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    error = await log.run_failing(QA, {"question": 7, "more": 1})
    assert error["code"] == "invalid_inputs"
    assert [one["path"] for one in error["details"]["problems"]] == ["inputs.question", "inputs.more"]
    error = await log.run_failing(QA, {"question": "?"}, settings={"model": "nope"})
    assert error["code"] == "lm_rejected"
    error = await log.run_failing(QA, {"question": "?"}, version="0000000000000000")
    assert error["code"] == "unknown_version"
    error = await log.run_failing(QA, {"question": "?"}, implementation="nope")
    assert error["code"] == "module_not_found"
    assert model.requests == []


async def test_a_budget_ends_what_would_cost_more(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    agent = program("agent", "question: str -> answer: str", dspy("ReAct", parameters={"maxIters": 5}))
    await log.register(agent)
    thought = {"next_thought": "t", "next_tool_name": "finish", "next_tool_args": {}}
    model.script = lambda _: says(thought)
    request_id = log.next_id()
    await log.send(work_data(agent, request_id, {"question": "?"}, settings={"budget": {"tokens": 16}}))
    failure = await log.failure(request_id)
    assert failure["error"]["code"] == "budget_exceeded"
    assert failure["usage"] == {"inputTokens": 11, "outputTokens": 5, "costUsd": 21.0}
    assert len(model.requests) == 1
