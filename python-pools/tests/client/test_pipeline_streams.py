"""What the streaming stages of a run write, as one stream."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from dspex import DspexError
from dspex.client.pipeline_answers import RunEvent
from dspex.client.pipeline_streams import StreamPlace, merged_streams, streaming_stages
from dspex.client.streams import StreamChunk

TEXTS = {(1, 1): ["a", "b", "c"], (2, 1): ["x", "y"], (1, 2): ["d"]}


def started(sequence: int, *steps: tuple[int, str, int]) -> RunEvent:
    told = [{"kind": "started", "stage": stage, "name": name, "n": n} for stage, name, n in steps]
    return RunEvent(sequence=sequence, time="", verb="stage-started", data={"steps": told})


async def events() -> AsyncGenerator[RunEvent, None]:
    yield started(1, (1, "one", 1), (9, "quiet", 1))
    yield started(2, (2, "two", 1), (1, "one", 2))


async def chunks(stage: int, n: int, place: str | None) -> AsyncGenerator[StreamChunk, None]:
    after = -1 if place is None else int(place.split(".")[2])
    for index, text in enumerate(TEXTS[stage, n]):
        if index > after:
            yield StreamChunk(text=text, index=index, position=f"1.1.{index}")


async def read(after: str | None = None) -> list[tuple[str, int, str, str]]:
    stream = merged_streams(events(), {1, 2}, chunks, after)
    return [(chunk.stage, chunk.n, chunk.text, chunk.position) async for chunk in stream]


async def test_all_stages_that_stream_each_in_its_order():
    texts: dict[tuple[str, int], str] = {}
    for stage, n, text, _ in await read():
        texts[stage, n] = texts.get((stage, n), "") + text
    assert texts == {("one", 1): "abc", ("two", 1): "xy", ("one", 2): "d"}


async def test_goes_on_behind_any_chunk():
    whole = await read()
    for n, (*_, position) in enumerate(whole):
        rest = await read(position)
        assert sorted(one[:3] for one in [*whole[: n + 1], *rest]) == sorted(one[:3] for one in whole)


async def test_one_that_fails_ends_alone():
    async def broken(stage: int, n: int, place: str | None) -> AsyncGenerator[StreamChunk, None]:
        async for chunk in chunks(stage, n, place):
            yield chunk
            if (stage, n) == (1, 1):
                raise DspexError("internal", "the request failed")

    stream = merged_streams(events(), {1, 2}, broken, None)
    assert "".join(sorted([chunk.text async for chunk in stream])) == "adxy"


async def test_a_reader_that_leaves_ends_them():
    stream = merged_streams(events(), {1, 2}, chunks, None)
    async for chunk in stream:
        assert chunk.text == "a"
        break
    await stream.aclose()


def test_a_place_is_short_however_many_were_read():
    place = StreamPlace()
    for n in range(1_000, 0, -1):
        place.read_to_end(3, n)
    place.read_to_end(4, 2)
    place.at(4, 7, "1.1.3")
    assert str(place) == "3:1-1000,4:2,4_7:1.1.3"
    again = StreamPlace.parse(str(place))
    assert again.is_read(3, 500)
    assert not again.is_read(3, 1_001)
    assert again.position_of(4, 7) == "1.1.3"
    again.read_to_end(4, 3)
    again.read_to_end(4, 7)
    assert str(again) == "3:1-1000,4:2-3,4:7"
    with pytest.raises(DspexError, match="no position of a run's stream"):
        StreamPlace.parse("nonsense")


def test_numbers_go_through_all_bodies():
    def call(name: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "kind": "call", **more}

    stream = {"options": {"stream": True}}
    fallback = {"stage": {"stages": [call("f", **stream)]}}
    definition = {
        "stages": [
            {"name": "m", "kind": "map", "body": {"stages": [call("a", **stream), call("b")]}},
            {
                "name": "s",
                "kind": "switch",
                "cases": [{"equals": 1, "body": {"stages": []}}],
                "otherwise": {"stages": [call("c", **stream)]},
                "onFailure": fallback,
            },
            {"name": "r", "kind": "race", "bodies": [{"body": {"stages": [call("d")]}}]},
            call("e", options={"stream": False}),
        ]
    }
    assert streaming_stages(definition, False) == {1, 4, 5}
    assert streaming_stages(definition, True) == {1, 2, 4, 5, 7}
