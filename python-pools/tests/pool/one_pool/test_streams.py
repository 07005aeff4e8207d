"""Streamed outputs: what a reader sees adds up to the result's field, whatever the adapter."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.pool.fake_model_server import Answer, FakeModelServer, says
from tests.pool.log_kit import Log, dspy, program, python, work_data
from tests.pool.nats_kit import NatsKit
from tests.pool.pool_process import PoolProcess

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="session")]
SIGNATURE = "question: str -> answer: str, score: int"
ANSWER = 'He said "hi {there}",\n\\ and left: \U0001f600 é, [1, 2].'


def text_of(chunks: list[dict[str, Any]], field: str) -> str:
    """What readers have of it at the end."""
    begins = max((n for n, chunk in enumerate(chunks) if chunk.get("restarted")), default=0)
    return "".join(chunk["text"] for chunk in chunks[begins:] if chunk.get("field") == field)


def outputs_of(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    is_json = {chunk["field"]: chunk.get("json", False) for chunk in chunks if "field" in chunk}
    texts = {field: text_of(chunks, field) for field in is_json}
    return {field: json.loads(text) if is_json[field] else text for field, text in texts.items()}


@pytest.mark.parametrize("pieces", [1, 3, 1_000])
@pytest.mark.parametrize("module", ["Predict", "ChainOfThought", "ReAct"])
async def test_chunks_add_up_to_the_field(
    pool: PoolProcess, log: Log, model: FakeModelServer, module: str, pieces: int
) -> None:
    final = says({"reasoning": "because", "answer": ANSWER, "score": 3}, piece_characters=pieces)
    if module == "Predict":
        final = says({"answer": ANSWER, "score": 3}, piece_characters=pieces)
    finish = says({"next_thought": "answer", "next_tool_name": "finish", "next_tool_args": {}})
    model.answers = [finish, final] if module == "ReAct" else [final]
    definition = program(f"stream-{module}", SIGNATURE, dspy(module))
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"question": "?"}, stream=True))
    result = await log.result(request_id)
    await log.until(lambda: any(chunk.get("final") for chunk in log.chunks))
    assert result["outputs"] == {"answer": ANSWER, "score": 3}
    assert outputs_of(log.chunks) == result["outputs"]
    assert not any(chunk.get("restarted") for chunk in log.chunks)
    assert [chunk["index"] for chunk in log.chunks] == list(range(len(log.chunks)))
    assert {(chunk["id"], chunk["attempt"], chunk["delivery"]) for chunk in log.chunks} == {
        (request_id, 1, 1)
    }
    assert {chunk.get("field") for chunk in log.chunks} == {"answer", "score", None}
    assert result["usage"]["inputTokens"] == 11 * (2 if module == "ReAct" else 1)


@pytest.mark.parametrize("adapter", ["json", "chat"])
async def test_an_output_whose_name_dspy_keeps_for_itself_is_streamed_under_its_own(
    pool: PoolProcess, log: Log, model: FakeModelServer, adapter: str
) -> None:
    text = json.dumps({"config_": "as it is"})
    if adapter == "chat":
        text = "[[ ## config_ ## ]]\nas it is\n\n[[ ## completed ## ]]"
    model.answers = [Answer(text=text, piece_characters=3)]
    definition = program(
        "kept-name", "question: str -> config: str", dspy("Predict", name=adapter, adapter=adapter)
    )
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"question": "?"}, stream=True))
    assert (await log.result(request_id))["outputs"] == {"config": "as it is"}
    await log.until(lambda: any(chunk.get("final") for chunk in log.chunks))
    assert text_of(log.chunks, "config") == "as it is"
    assert {chunk.get("field") for chunk in log.chunks} <= {"config", None}


async def test_a_users_module_without_an_asynchronous_form_streams_from_its_thread(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.answers = [says({"answer": ANSWER})]
    definition = program("qa-sync", "question: str -> answer: str", python("qa-sync"))
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"question": "?"}, stream=True))
    assert (await log.result(request_id))["outputs"] == {"answer": ANSWER}
    await log.until(lambda: any(chunk.get("final") for chunk in log.chunks))
    assert text_of(log.chunks, "answer") == ANSWER


async def test_the_chat_adapters_text_is_streamed_too(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    text = "[[ ## answer ## ]]\nParis it is\n\n[[ ## score ## ]]\n3\n\n[[ ## completed ## ]]"
    model.answers = [Answer(text=text, delay_s=0.1, piece_characters=5)]
    definition = program("chat", SIGNATURE, dspy("Predict", adapter="chat"))
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"question": "?"}, stream=True))
    assert (await log.result(request_id))["outputs"]["answer"] == "Paris it is"
    await log.until(lambda: any(chunk.get("final") for chunk in log.chunks))
    assert outputs_of(log.chunks) == {"answer": "Paris it is", "score": 3}
    assert len(log.chunks) > 3


async def test_chunks_arrive_while_the_model_still_writes(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.answers = [says({"answer": "one two three four", "score": 1}, delay_s=0.5, piece_characters=6)]
    definition = program("slow", SIGNATURE, dspy("Predict"))
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"question": "?"}, stream=True))
    await log.until(lambda: log.chunks)
    assert not log.has_result(request_id)
    await log.result(request_id)


async def test_what_cannot_stream_gives_its_final_outputs(pool: PoolProcess, log: Log) -> None:
    definition = program("waits", "seconds: float -> waited: float", python("waits"))
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"seconds": 0}, stream=True))
    await log.result(request_id)
    await log.until(lambda: any(chunk.get("final") for chunk in log.chunks))
    head = {"id": request_id, "attempt": 1, "delivery": 1}
    assert log.chunks == [
        {**head, "index": 0, "field": "waited", "text": "0.0", "json": True},
        {**head, "index": 1, "text": "", "final": True},
    ]


async def test_structured_outputs_are_streamed_as_json_that_ends_in_whole_values(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    people = [{"name": "Ada", "age": 36}, {"name": "Alan", "age": 41}]
    model.answers = [
        says({"people": people, "mood": "good", "when": "2026-11-24"}, delay_s=0.05, piece_characters=3)
    ]
    signature = "text: str -> people: list[{name: str, age: int}], mood: Literal['good', 'bad'], when: date"
    definition = program("people", signature, dspy("Predict"))
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"text": "?"}, stream=True))
    result = await log.result(request_id)
    await log.until(lambda: any(chunk.get("final") for chunk in log.chunks))
    assert outputs_of(log.chunks) == result["outputs"]
    pieces = [chunk["text"] for chunk in log.chunks if chunk.get("field") == "people"]
    assert len(pieces) > 2
    assert not any(piece.endswith(("3", "4", ":", ",")) for piece in pieces)
    assert [chunk["text"] for chunk in log.chunks if chunk.get("field") == "mood"] == ["good"]


async def test_a_module_that_says_something_else_in_the_end_starts_over(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.answers = [says({"answer": "not so loud"}, delay_s=0.01)]
    definition = program("qa-loud", "question: str -> answer: str", python("qa-loud"))
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"question": "?"}, stream=True))
    assert (await log.result(request_id))["outputs"] == {"answer": "NOT SO LOUD"}
    await log.until(lambda: any(chunk.get("final") for chunk in log.chunks))
    assert outputs_of(log.chunks) == {"answer": "NOT SO LOUD"}
    assert "".join(chunk["text"] for chunk in log.chunks) == "not so loudNOT SO LOUD"


async def test_a_reader_that_wants_to_be_waited_for_holds_the_model_up(
    pool: PoolProcess, log: Log, model: FakeModelServer, nats_kit: NatsKit
) -> None:
    words = " ".join(f"word{n}" for n in range(2_000))
    model.answers = [says({"answer": words, "score": 1}, delay_s=0.001, piece_characters=6)]
    definition = program("credit", SIGNATURE, dspy("Predict"))
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"question": "?"}, stream=True))
    await log.until(lambda: log.chunks)

    async def give(**more: Any) -> None:
        credit = {"verb": "credit", "id": request_id, "reader": "r", "attempt": 1, "delivery": 1, **more}
        await nats_kit.admin.publish("dspex-control.general.any", json.dumps(credit).encode())

    had = 0
    for _ in range(5):
        had = len(log.chunks) + 9
        await give(index=had - 10, room=10)
        await log.until(lambda: len(log.chunks) >= had)  # noqa: B023 (asked at once)
        await asyncio.sleep(0.1)
        assert len(log.chunks) <= had + 1
    assert not log.has_result(request_id)
    await give(index=had)
    assert (await log.result(request_id))["outputs"]["answer"] == words
    await log.until(lambda: any(chunk.get("final") for chunk in log.chunks))
    assert outputs_of(log.chunks) == {"answer": words, "score": 1}


async def test_a_stream_that_breaks_is_a_failure_of_the_model(
    pool: PoolProcess, log: Log, model: FakeModelServer
) -> None:
    model.answers = [Answer(text='{"answer": "half', piece_characters=4)]
    definition = program("broken-stream", SIGNATURE, dspy("Predict"))
    await log.register(definition)
    request_id = log.next_id()
    await log.send(work_data(definition, request_id, {"question": "?"}, stream=True))
    failure = await log.failure(request_id)
    assert failure["error"]["code"] == "output_parse_error"
    assert failure["usage"]["inputTokens"] == 11
    assert text_of(log.chunks, "answer") == "half"
