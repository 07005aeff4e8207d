"""Programs called on behalf of an attempt, as tools and by `dspex.call`, with a bus that answers as told."""

from __future__ import annotations

import asyncio
import datetime
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dspy
import pytest
from nats.errors import ConnectionClosedError, NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError

import dspex
from dspex import wire_json
from dspex.calls import provide_caller
from dspex.errors import DspexError
from dspex.messages import ProgramDefinition
from dspex.signature import parse_signature, signature_to_json
from dspex_pool import program_calls
from dspex_pool.attempt_context import ATTEMPT_SETTING, AttemptContext, current_attempt
from dspex_pool.blocking import Blocking
from dspex_pool.claim_check import ClaimCheck
from dspex_pool.program_calls import ProgramCalls
from dspex_pool.slots import Slots
from dspex_pool.tools import Tools
from dspex_pool.usage import AttemptUsage, read_budget

FIXTURES = Path(__file__).parents[3] / "schemas" / "fixtures" / "signatures"
KINDS = """"Keeps things." n: int(ge=0) "how many", raw: bytes "the file", at: datetime,
    day: date = "2026-01-01", self: str | None, parts: list[{raw: bytes, json: int}] = []
    -> more: int, back: bytes, later: datetime, pieces: list[{raw: bytes}],
    picture: Image | None, anything: Any"""
OUTPUTS = {
    "more": 2**70,
    "back": {"$bytes": "/wA="},
    "later": "2026-11-24T05:36:00.123456Z",
    "pieces": [{"raw": {"$bytes": "AQI="}}],
    "picture": {"$image": {"url": "https://example.org/x.png"}},
    "anything": [1, {"a": None}],
}


def definition(name: str, signature: str, version: str = "1") -> ProgramDefinition:
    ast = signature_to_json(parse_signature(signature))
    return ProgramDefinition(name=name, version=version, signature=ast, implementations=[])


@dataclass
class Reply:
    data: bytes
    headers: dict[str, str] | None = None


@dataclass
class FakeBus:
    """Gives each request the next answer, or raises it; the last one stays."""

    answers: list[Any] = field(default_factory=lambda: [{"sum": 12}])
    asked: list[tuple[str, Any, dict[str, str], float]] = field(default_factory=list)

    async def request(self, subject: str, data: bytes, timeout_s: float, headers: dict[str, str]) -> Reply:
        self.asked.append((subject, wire_json.loads(data), headers, timeout_s))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else Reply(wire_json.dumps(answer))


class FakeFollower:
    def __init__(self, *definitions: ProgramDefinition) -> None:
        self.programs = {one.name: one for one in definitions}

    async def newest(self, program: str) -> ProgramDefinition:
        found = self.programs.get(program)
        if found is None:
            raise DspexError("unknown_program", f'program "{program}" is not registered')
        return found


class NoSpans:
    def span_of_active_call(self) -> None:
        return None


class Stored:
    """An object bucket that is a dict."""

    def __init__(self) -> None:
        self.claim_check = ClaimCheck(self, self)  # type: ignore[arg-type]
        self.messages: dict[str, list[bytes]] = {}

    async def publish(self, subject: str, data: bytes) -> None:
        self.messages.setdefault(subject, []).append(data)

    async def last(self, _: str, subject: str) -> Reply | None:
        data = self.messages.get(subject)
        return None if data is None else Reply(data[-1])

    async def all_of(self, _: str, subject: str, __: int) -> list[bytes]:
        return self.messages[subject]


@dataclass
class Kit:
    bus: FakeBus
    calls: ProgramCalls
    tools: Tools
    blocking: Blocking
    attempt: AttemptContext


@pytest.fixture
async def kit() -> AsyncIterator[Kit]:
    bus, blocking = FakeBus(), Blocking(Slots(2, lambda: None))
    follower = FakeFollower(definition("add-up", "numbers: list[int] -> sum: int"), definition("keep", KINDS))
    calls = ProgramCalls(bus, "general", follower, Stored().claim_check, NoSpans())  # type: ignore[arg-type]
    attempt = AttemptContext(
        user="ada",
        request_id="ada.c1.7",
        attempt=2,
        work_sequence=71,
        usage=AttemptUsage(lambda *_: None, read_budget({})),
        ends_at=time.time() + 20,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    provide_caller(calls)
    yield Kit(bus, calls, Tools(calls, blocking), blocking, attempt)
    provide_caller(None)


@pytest.fixture
def attempt(kit: Kit) -> Iterator[AttemptContext]:
    """The test is an attempt's code. (Not set in an asynchronous fixture, whose context is its own.)"""
    token = current_attempt.set(kit.attempt)
    yield kit.attempt
    current_attempt.reset(token)


# ── the way over the bus ──


async def test_a_call_says_on_whose_behalf_it_is_made(kit: Kit, attempt: AttemptContext) -> None:
    assert await dspex.call("add-up", numbers=[4, 8]) == {"sum": 12}
    subject, body, headers, timeout_s = kit.bus.asked[0]
    assert (subject, body) == ("dspex-tool.general.call.add-up", {"numbers": [4, 8]})
    assert headers == {
        "Dspex-Work-Id": "ada.c1.7",
        "Dspex-Work-Attempt": "2",
        "Dspex-Work-Sequence": "71",
        "Dspex-Tool-Call": "1",
        "traceparent": attempt.traceparent,
    }
    assert 0 < timeout_s <= 20


async def test_calls_are_counted_for_each_program_and_inputs(kit: Kit, attempt: AttemptContext) -> None:
    await dspex.call("add-up", {"numbers": [1]})
    await asyncio.gather(dspex.call("add-up", numbers=[2]), dspex.call("add-up", numbers=[1]))
    numbers = [(body["numbers"], headers["Dspex-Tool-Call"]) for _, body, headers, _ in kit.bus.asked]
    assert sorted(numbers) == [([1], "1"), ([1], "2"), ([2], "1")]


async def test_values_go_and_come_as_pythons_own(kit: Kit, attempt: AttemptContext) -> None:
    kit.bus.answers = [OUTPUTS]
    at = datetime.datetime(2026, 11, 24, 5, 36, tzinfo=datetime.UTC)
    outputs = await dspex.call(
        "keep", {"self": "me"}, n=2**70, raw=b"\xff\x00", at=at, parts=[{"raw": b"\x01", "json": 1}]
    )
    assert kit.bus.asked[0][1] == {
        "n": 2**70,
        "raw": {"$bytes": "/wA="},
        "at": "2026-11-24T05:36:00Z",
        "self": "me",
        "parts": [{"raw": {"$bytes": "AQ=="}, "json": 1}],
    }
    assert outputs["more"] == 2**70
    assert outputs["back"] == b"\xff\x00"
    assert outputs["later"] == at.replace(microsecond=123_456)
    assert outputs["pieces"] == [{"raw": b"\x01\x02"}]
    assert isinstance(outputs["picture"], dspy.Image)


async def test_large_values_travel_as_references_both_ways(kit: Kit, attempt: AttemptContext) -> None:
    await dspex.call("add-up", numbers=[10**9] * 40_000)
    (moved,) = kit.bus.asked[0][1].values()
    assert moved["$ref"]["key"].startswith("ada/")
    kit.bus.answers = [{**OUTPUTS, "anything": moved}]
    outputs = await dspex.call("keep", n=1, raw=b"", at=datetime.datetime.now(datetime.UTC))
    assert outputs["anything"] == [10**9] * 40_000


WRONG = [
    ("inputs that do not fit", "add-up", {"numbers": ["x"]}, "invalid_inputs", "inputs.numbers[0]"),
    ("no such input", "add-up", {"numbers": [], "x": 1}, "invalid_inputs", "inputs.x"),
    ("a name that is none", "add.up", {}, "invalid_inputs", None),
    ("a program that nobody has", "nope", {}, "unknown_program", None),
]


@pytest.mark.parametrize(("name", "program", "inputs", "code", "path"), WRONG, ids=[one[0] for one in WRONG])
async def test_what_cannot_be_called_is_told_before_anything_is_sent(
    kit: Kit, attempt: AttemptContext, name: str, program: str, inputs: Any, code: str, path: str | None
) -> None:
    with pytest.raises(DspexError) as raised:
        await dspex.call(program, inputs)
    assert (raised.value.code, raised.value.path) == (code, path)
    assert kit.bus.asked == []


async def test_the_programs_own_error_arrives_whole(kit: Kit, attempt: AttemptContext) -> None:
    error = {"code": "overloaded", "message": "later", "retryable": True, "retryAfterMs": 50}
    kit.bus.answers = [Reply(json.dumps(error).encode(), {"Nats-Service-Error-Code": "529"})]
    with pytest.raises(DspexError, match="overloaded: later") as raised:
        await dspex.call("add-up", numbers=[])
    assert raised.value.retry_after_ms == 50


async def test_an_error_that_is_none_is_told_as_such(kit: Kit, attempt: AttemptContext) -> None:
    kit.bus.answers = [Reply(b'{"code": "of a later version"}', {"Nats-Service-Error-Code": "500"})]
    with pytest.raises(DspexError, match=r'^internal: call of "add-up": an error that is none'):
        await dspex.call("add-up", numbers=[])


async def test_outputs_that_do_not_fit_are_told(kit: Kit, attempt: AttemptContext) -> None:
    kit.bus.answers = [{"sum": "many"}]
    with pytest.raises(DspexError) as raised:
        await dspex.call("add-up", numbers=[])
    assert (raised.value.code, raised.value.path) == ("output_invalid", "outputs.sum")


async def test_a_gateway_that_is_away_for_a_moment_is_asked_again(
    kit: Kit, attempt: AttemptContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_calls, "NO_RESPONDERS_PAUSE_S", 0)
    kit.bus.answers = [NoRespondersError(), NatsTimeoutError(), {"sum": 1}]
    assert await dspex.call("add-up", numbers=[]) == {"sum": 1}
    # One and the same call.
    assert {headers["Dspex-Tool-Call"] for _, _, headers, _ in kit.bus.asked} == {"1"}


async def test_a_gateway_that_stays_away_and_a_connection_that_is_gone_are_unavailable(
    kit: Kit, attempt: AttemptContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_calls, "NO_RESPONDERS_PAUSE_S", 0)
    for error in (NoRespondersError(), ConnectionClosedError()):
        kit.bus.answers = [error]
        with pytest.raises(DspexError, match=r"^unavailable: .*add-up"):
            await dspex.call("add-up", numbers=[])


async def test_no_call_is_made_or_waited_for_beyond_the_attempts_time(
    kit: Kit, attempt: AttemptContext
) -> None:
    kit.bus.answers = [NatsTimeoutError()]
    attempt.ends_at = time.time() + 0.05
    with pytest.raises(DspexError, match="no time is left to call"):
        await dspex.call("add-up", numbers=[])
    attempt.over = "cancelled"
    kit.bus.asked.clear()
    with pytest.raises(DspexError, match="cancelled"):
        await dspex.call("add-up", numbers=[])
    assert kit.bus.asked == []


# ── where it may be called from ──


@pytest.mark.parametrize("where", ["in a pool", "in an application"])
async def test_outside_of_an_attempt_it_says_what_to_use_instead(kit: Kit, where: str) -> None:
    if where == "in an application":
        provide_caller(None)
    for calling in (
        dspex.call("add-up", numbers=[]),
        asyncio.to_thread(dspex.call_sync, "add-up", numbers=[]),
    ):
        with pytest.raises(DspexError, match=r"not_allowed: .*only while a pool answers.*dspex\.connect"):
            await calling


async def test_code_in_a_thread_calls_and_waits(kit: Kit, attempt: AttemptContext) -> None:
    assert await kit.blocking.run(lambda: dspex.call_sync("add-up", numbers=[1])) == {"sum": 12}


async def test_a_loop_of_its_own_in_a_thread_may_call_too(kit: Kit, attempt: AttemptContext) -> None:
    def plain() -> Any:
        async def several() -> Any:
            return await asyncio.gather(*(dspex.call("add-up", numbers=[n]) for n in range(3)))

        return asyncio.run(several())

    assert await kit.blocking.run(plain) == [{"sum": 12}] * 3


async def test_threads_of_dspys_parallel_belong_to_the_attempt(kit: Kit, attempt: AttemptContext) -> None:
    class Adds(dspy.Module):
        def forward(self, n: int) -> Any:
            return dspex.call_sync("add-up", numbers=[n])

    def plain() -> Any:
        parallel = dspy.Parallel(num_threads=2, disable_progress_bar=True)
        return parallel([(Adds(), {"n": n}) for n in range(2)])

    with dspy.context(**{ATTEMPT_SETTING: attempt}):
        assert await kit.blocking.run(plain) == [{"sum": 12}] * 2


async def test_waiting_on_the_loop_is_refused(kit: Kit, attempt: AttemptContext) -> None:
    with pytest.raises(DspexError, match=r"await dspex\.call"):
        dspex.call_sync("add-up", numbers=[1])


# ── tools ──


async def test_a_model_is_told_names_types_descriptions_and_what_may_be_left_out(kit: Kit) -> None:
    tool = kit.tools.program(definition("keep-it", KINDS))
    assert (tool.name, tool.desc) == ("keep_it", "Keeps things.")
    assert tool.args["n"] == {"type": "integer", "minimum": 0, "description": "how many"}
    assert tool.args["raw"] == {"type": "string", "description": "the file (base64)"}
    assert tool.args["day"]["default"] == "2026-01-01"
    assert "$" not in json.dumps(tool.args["parts"])
    call = tool.format_as_litellm_function_call()["function"]["parameters"]
    assert call["required"] == ["n", "raw", "at"]
    # DSPy's own name of a field that it keeps for itself.
    assert "self_" in call["properties"]


async def test_a_models_arguments_become_the_programs_inputs(kit: Kit, attempt: AttemptContext) -> None:
    kit.bus.answers = [OUTPUTS]
    tool = kit.tools.program(definition("keep", KINDS))
    told = await tool.acall(
        n=2**70, raw="/wA=", at="2026-11-24T05:36:00Z", self_="me", parts=[{"raw": "AQ==", "json": 1}]
    )
    assert kit.bus.asked[0][1] == {
        "n": 2**70,
        "raw": {"$bytes": "/wA="},
        "at": "2026-11-24T05:36:00Z",
        "self": "me",
        "parts": [{"raw": {"$bytes": "AQ=="}, "json": 1}],
    }
    picture = told.pop("picture")
    assert told == {
        "more": 2**70,
        "back": "/wA=",
        "later": "2026-11-24T05:36:00.123456Z",
        "pieces": [{"raw": "AQI="}],
        "anything": [1, {"a": None}],
    }
    assert "https://example.org/x.png" in picture


async def test_a_models_wrong_arguments_are_told_by_the_signatures_names(
    kit: Kit, attempt: AttemptContext
) -> None:
    tool = kit.tools.program(definition("keep", KINDS))
    with pytest.raises(DspexError, match=r"inputs\.at.*inputs\.self.*inputs\.x"):
        await tool.acall(n=1, raw="", at="2026-11-24T05:36:00", self_="\ud800", x=1)
    assert kit.bus.asked == []


async def test_a_tool_in_a_thread_blocks_it(kit: Kit, attempt: AttemptContext) -> None:
    tool = kit.tools.program(definition("add-up", "numbers: list[int] -> sum: int"))
    assert await kit.blocking.run(tool, numbers=[1]) == {"sum": 12}


@pytest.mark.parametrize(
    "text",
    [pytest.param(one["text"], id=one["name"]) for one in json.loads((FIXTURES / "valid.json").read_text())],
)
async def test_every_signature_can_be_a_tool(kit: Kit, text: str) -> None:
    tool = kit.tools.program(definition("any", text))
    assert "$ref" not in json.dumps(tool.format_as_litellm_function_call())
