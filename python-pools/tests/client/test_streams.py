"""Streams, positions and partial outputs, against a gateway that is played."""

from __future__ import annotations

import json
from contextlib import aclosing
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dspex
from dspex.client.partials import PartialOutputs
from dspex.client.stream_position import parse_position
from dspex.client.streams import StreamChunk
from dspex.errors import DspexError
from dspex.messages import Attempt
from dspex.signature import decode_outputs, parse_signature, signature_to_json
from dspex_pool.json_fields import JsonFields
from tests.client.fake_api import pieces
from tests.kit import until
from tests.signature.strategies import members, signatures


def piece(text: str, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": "local.c.1", "attempt": 1, "delivery": 1, "index": index, "text": text, **more}


async def collect(chunks: Any) -> list[Any]:
    async with aclosing(chunks):
        return [one async for one in chunks]


def attempt(number: int = 1) -> Attempt:
    return Attempt(attempt=number, implementation="a", started_at="2026-11-24T05:36:00Z", duration_ms=1)


pytestmark = pytest.mark.integration


def following(*said: dict[str, Any]) -> Any:
    """A gateway that holds these chunks and gives those behind the reader's place."""

    def answer(_verb: str, body: bytes, _headers: dict[str, str]) -> Any:
        asked = json.loads(body or b"{}")
        place = (asked.get("attempt", 0), asked.get("delivery", 0), asked.get("after", -1))
        return pieces(*(one for one in said if (one["attempt"], one["delivery"], one["index"]) > place))

    return answer


async def test_a_position_goes_on_behind_its_chunk(client: Any, fake_router: Any, fake_api: Any) -> None:
    said = [piece("Pa", field="answer"), piece("ris", 1, field="answer"), piece("", 2, final=True)]
    await fake_api.serve("chunks.>", following(*said))
    fake_router.attempts = [attempt()]
    run = await client.program("echo").submit(answer="Paris", stream=True)
    found = await collect(run.stream())
    assert [one.position for one in found] == ["1.1.0", "1.1.1", "1.1.2.final"]
    for n, one in enumerate(found):
        rest = await collect(client.run(run.id).stream(after=one.position))
        assert [other.index for other in rest] == list(range(n + 1, 3))


# region reading
async def read(client: dspex.Client) -> str:
    run = await client.program("tell").submit(topic="rain", stream=True)
    position = None
    async with aclosing(run.stream()) as chunks:
        async for chunk in chunks:
            position = chunk.position
            if chunk.index == 1:
                break
    # Later, and in any process of the same user.
    rest = [chunk.text async for chunk in client.run(run.id).stream(after=position)]
    partials = [outputs async for outputs in run.partials()]
    assert partials[-1] == await run.outputs()
    return "".join(rest)


# endregion


async def test_the_documented_way_of_reading(client: Any, fake_router: Any, fake_api: Any) -> None:
    words = ["It ", "rains ", "a lot."]
    said = [piece(word, n, field="story") for n, word in enumerate(words)]
    await fake_api.serve("chunks.>", following(*said, piece("", 3, final=True)))
    fake_router.attempts = [attempt()]
    fake_router.outputs = {"story": "It rains a lot."}
    assert await read(client) == "a lot."


async def test_what_is_gone_is_said_and_the_results_outputs_follow(
    client: Any, fake_router: Any, fake_api: Any
) -> None:
    await fake_api.serve("chunks.>", following(piece("ris", 7, field="answer"), piece("", 8, final=True)))
    fake_router.attempts = [attempt()]
    run = await client.program("echo").submit(answer="Paris", stream=True)
    found = await collect(run.stream(after="1.1.2"))
    assert [(one.text, one.gap, one.restarted, one.position) for one in found] == [
        ("ris", True, False, "1.1.7.gap"),
        ("", False, False, "1.1.8.gap"),
        ("Paris", True, True, "result.0"),
    ]
    assert await collect(run.stream(after="result.0")) == []
    partials = await collect(run.partials())
    assert partials == [{"answer": "Paris"}]


async def test_a_failed_request_ends_its_stream_with_the_error(
    client: Any, fake_router: Any, fake_api: Any
) -> None:
    await fake_api.serve("chunks.>", following(piece("half")))
    run = await client.program("fail").submit(x=1, stream=True)
    stream = run.stream()
    assert (await anext(stream)).text == "half"
    with pytest.raises(DspexError) as raised:
        await anext(stream)
    assert raised.value.code == "lm_rejected"


@pytest.mark.parametrize("position", ["", "1.1", "0.1.1", "1.1.1.end", "result", "result.-1", "\u0661.1.1"])
async def test_a_position_that_is_none_is_refused(position: str, client: Any, fake_router: Any) -> None:
    run = await client.program("echo").submit(x=1, stream=True)
    with pytest.raises(DspexError) as raised:
        await collect(run.stream(after=position))
    assert (raised.value.code, raised.value.path) == ("invalid_inputs", "after")


async def test_back_pressure_names_the_reader_until_it_leaves(
    client: Any, fake_router: Any, fake_api: Any
) -> None:
    await fake_api.serve("chunks.>", following(piece("a"), piece("b", 1, final=True)))
    fake_router.attempts = [attempt()]
    run = await client.program("echo").submit(x=1, stream=True)
    await collect(run.stream(backpressure=True, room=2))
    asked = [json.loads(body) for verb, body in fake_api.calls if verb.startswith("chunks.")]
    reader = asked[0]["reader"]
    assert asked[0] == {"reader": reader, "room": 2}
    await until(lambda: len(fake_api.calls) == 2)
    assert json.loads(fake_api.calls[1][1]) == {"reader": reader}


async def test_partial_outputs_have_pythons_types(client: Any, fake_router: Any, fake_api: Any) -> None:
    definition = {
        "name": "echo",
        "version": "v1",
        "signature": signature_to_json(
            parse_signature("x: int -> text: str, days: list[date], n: int | None")
        ),
        "implementations": [],
    }
    await fake_api.serve("program.>", lambda *_: definition)
    said = [
        piece("On", field="text"),
        piece('["2026-11-24"', 1, field="days", json=True),
        piece(', "2026-11-25"]', 2, field="days", json=True),
        piece("null", 3, field="n", json=True),
        piece("", 4, final=True),
    ]
    await fake_api.serve("chunks.>", following(*said))
    fake_router.attempts = [attempt()]
    fake_router.outputs = {"text": "On", "days": ["2026-11-24", "2026-11-25"], "n": None}
    run = await client.program("echo").submit(x=1, stream=True)
    first, second = date(2026, 11, 24), date(2026, 11, 25)
    assert await collect(run.partials()) == [
        {"text": "On"},
        {"text": "On", "days": [first]},
        {"text": "On", "days": [first, second]},
        {"text": "On", "days": [first, second], "n": None},
    ]
    assert await run.outputs() == (await collect(run.partials()))[-1]


@given(st.integers(0, 999_999_999), st.sampled_from(["", ".final", ".gap"]))
def test_positions_are_texts(number: int, mark: str) -> None:
    for text in (f"{number + 1}.1.{number}{mark}"[:40], f"result.{number}"):
        if number < 999_999_999:
            assert str(parse_position(text)) == text


def is_beginning(part: Any, whole: Any) -> bool:
    if isinstance(part, str) and isinstance(whole, str):
        return whole.startswith(part)
    if isinstance(part, list) and isinstance(whole, list):
        pairs = zip(part, whole, strict=False)
        return len(part) <= len(whole) and all(is_beginning(*pair) for pair in pairs)
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and is_beginning(value, whole[name]) for name, value in part.items())
    return type(part) is type(whole) and (part == whole or part != part)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data(), st.integers(1, 9))
def test_each_partial_is_a_beginning_and_the_last_is_all(data: st.DataObject, size: int) -> None:
    signature = data.draw(signatures())
    wire: dict[str, Any] = data.draw(members(signature.outputs))
    text = json.dumps(wire)
    fields = JsonFields({field.name: field.type for field in signature.outputs})
    partial = PartialOutputs(signature)
    plain = PartialOutputs(None)
    for at in range(0, len(text), size):
        for one in fields.feed(text[at : at + size]):
            said = StreamChunk(text=one.text, field=one.field, json=one.is_json)
            partial.add(said)
            plain.add(said)
            assert is_beginning(plain.value(), wire)
    end = StreamChunk(text="", final=True)
    partial.add(end)
    plain.add(end)
    # An empty text has no pieces.
    shown = {name: value for name, value in wire.items() if value != ""}
    assert json.dumps(plain.value(), sort_keys=True) == json.dumps(shown, sort_keys=True)
    given_values = {name: wire[name] for name in partial.value()}
    whole = decode_outputs(signature, wire)
    for name in given_values:
        assert is_beginning(partial.value()[name], whole[name]) or partial.value()[name] == whole[name]
