"""What a pool reads from the log and the bus: every valid example of the contract is understood by it."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dspex import messages, wire_json
from dspex_pool.answer import Place, Ran, Stamp, failed_event, result_event, with_timings
from dspex_pool.part_times import Parts
from dspex_pool.program_state import ProgramEvent, evolve, find, initial_state
from dspex_pool.usage import read_budget
from dspex_pool.work_message import read_work, seconds, usage_of

MESSAGES = Path(__file__).parents[3] / "schemas" / "fixtures" / "messages"


def valid(name: str) -> list[Any]:
    examples = json.loads((MESSAGES / f"{name}.json").read_text())
    return [pytest.param(example["message"], id=example["name"]) for example in examples if example["valid"]]


def event(event_type: str, data: Any) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": "b6f2",
            "source": "router/1",
            "type": event_type,
            "time": "2026-11-24T05:36:00.123Z",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "data": data,
        }
    ).encode()


@pytest.mark.parametrize("message", valid("work"))
def test_work(message):
    found = read_work(event(messages.WORK_TYPE, message))
    assert found.traceparent is not None
    work = found.data
    # What it acts by …
    for member, key in [
        *((name, name) for name in ("id", "attempt", "user", "program", "version", "implementation")),
        *((name, name) for name in ("settings", "session", "history", "stream")),
        ("request_sequence", "requestSequence"),
        ("request_hash", "requestHash"),
        ("route_ms", "routeMs"),
        ("fallback_reason", "fallbackReason"),
    ]:
        assert getattr(work, member) == message.get(key), key
    assert wire_json.loads(bytes(work.inputs)) == message["inputs"]
    assert msgspec.to_builtins(work.log) == message["log"]
    assert seconds(work.requested_at) <= seconds(work.deadline_at)
    read_budget(work.settings)
    # … and what it hands on as it came.
    for member in ("plan", "decision"):
        assert json.loads(bytes(getattr(work, member))) == message[member]
    for attempt, given in zip(work.attempts, message["attempts"], strict=True):
        assert json.loads(bytes(attempt)) == given
        usage = usage_of(attempt)
        assert (None if usage is None else usage.input_tokens) == given.get("usage", {}).get("inputTokens")


@pytest.mark.parametrize("message", valid("work"))
def test_a_failure_carries_the_decision_of_its_work(message):
    # Digits and members that a decoder would not give back.
    decision = json.dumps({**message["decision"], "later": 1}).replace('"later": 1', '"later": 1.50e-3')
    text = event(messages.WORK_TYPE, message).decode()
    work = read_work(text.replace(json.dumps(message["decision"]), decision).encode()).data
    ran = Ran(1_780_000_000.0, "2026-11-24T05:36:01Z", 12.5, None)
    error = messages.WireError(code="lm_timeout", message="late", retryable=True)
    failed = failed_event(
        work, 4714, Place("general", "1"), ran, error, Stamp("e1", "2026-11-24T05:36:02Z", None)
    )
    assert decision.encode() in failed
    data = msgspec.json.decode(failed)["data"]
    assert msgspec.convert(data, messages.AttemptFailed).work_sequence == 4714
    assert data["plan"] == message["plan"]


@pytest.mark.parametrize("message", valid("work"))
def test_a_result_tells_the_routers_parts_and_ours_at_its_end(message):
    work = read_work(event(messages.WORK_TYPE, message)).data
    ran = Ran(
        1_780_000_000.0,
        "2026-11-24T05:36:01Z",
        12.5,
        None,
        parts=Parts(wait_ms=2, decode_ms=0.25, validate_ms=0.125, model_ms=9, code_ms=3, encode_ms=0.5),
    )
    stamp = Stamp("e1", "2026-11-24T05:36:02Z", None)
    begun = result_event(work, 4714, Place("general", "1"), ran, msgspec.Raw(b"{}"), None, None, stamp)
    data = json.loads(with_timings(begun, work, ran, 0.001))["data"]
    result = msgspec.convert(data, messages.Result)
    assert list(data)[-1] == "timings"
    told = result.timings
    assert (told.wait_ms, told.decode_ms) == (2 + work.wait_ms, round(0.25 + work.decode_ms, 3))
    assert (told.validate_ms, told.model_ms, told.code_ms) == (0.125, 9, 3)
    assert told.encode_ms == round(1.5 + work.encode_ms, 3)
    before = [json.loads(bytes(attempt))["durationMs"] for attempt in work.attempts]
    assert (told.failed_ms or 0) == round(sum(before), 3)


@pytest.mark.parametrize("message", valid("program-registered"))
def test_a_registered_program(message):
    registered = ProgramEvent(message["name"], "registered", event(messages.PROGRAM_REGISTERED_TYPE, message))
    definition = find(evolve(initial_state(), registered), message["name"], message["version"])
    assert definition is not None
    assert definition.signature == message["signature"]
    assert [one.name for one in definition.implementations] == [
        one["name"] for one in message["implementations"]
    ]


@pytest.mark.parametrize("message", valid("control"))
def test_control(message):
    found = msgspec.json.decode(json.dumps(message).encode(), type=messages.Control)
    assert msgspec.to_builtins(found)["verb"] == message["verb"]


@pytest.mark.parametrize("message", valid("wire-error"))
def test_an_error_of_a_program_that_was_called(message):
    found = msgspec.json.decode(json.dumps(message).encode(), type=messages.WireError)
    assert (found.code, found.message, found.retryable) == (
        message["code"],
        message["message"],
        message["retryable"],
    )
