"""Whatever chunks have said before, in the end they say what the result does; and who is waited for."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from dspex.messages import CreditControl
from dspex_pool.json_fields import Piece
from dspex_pool.stream_readers import MAX_WAITED_FOR, READER_SILENCE_S, StreamReaders
from dspex_pool.written_outputs import WrittenOutputs, whole_pieces


def written(*pieces: Piece) -> tuple[WrittenOutputs, list[str | None]]:
    outputs = WrittenOutputs()
    said = [outputs.add(piece) for piece in pieces]
    return outputs, [None if one is None else one.text for one in said]


def test_what_was_not_said_is_added() -> None:
    outputs, _ = written(Piece("a", "Par"))
    assert outputs.missing({"a": "Paris", "n": 3, "none": ""}) == [
        Piece("a", "is"),
        Piece("n", "3", is_json=True),
        Piece("none", ""),
    ]


def test_white_space_at_the_end_waits_for_more_or_for_the_result() -> None:
    outputs, said = written(Piece("a", "one "), Piece("a", "\n two\n"))
    assert said == ["one", " \n two"]
    assert outputs.missing({"a": "one \n two"}) == []
    assert outputs.missing({"a": "one \n two\n"}) == [Piece("a", "\n")]


def test_json_is_right_when_it_says_the_same_value() -> None:
    outputs, _ = written(Piece("n", '[ {"b": 1.0, "a": "\\u00e9"}', is_json=True))
    assert outputs.missing({"n": [{"a": "é", "b": 1}]}) is None
    outputs.add(Piece("n", " ]", is_json=True))
    assert outputs.missing({"n": [{"a": "é", "b": 1}]}) == []


@pytest.mark.parametrize("outputs", [{"a": "Paris"}, {"b": "Rome"}, {"a": 5}, {}])
def test_what_is_not_so_must_be_said_anew(outputs: dict[str, Any]) -> None:
    said, _ = written(Piece("a", "Rome"))
    assert said.missing(outputs) is None
    said.clear()
    assert said.missing(outputs) == whole_pieces(outputs)


def test_a_large_value_is_cut_where_json_may_be_cut() -> None:
    value = [{"name": f"n{n}"} for n in range(20_000)]
    pieces = whole_pieces({"list": value})
    assert len(pieces) > 3
    assert json.loads("".join(piece.text for piece in pieces)) == value


def credit(reader: str, place: tuple[int, int, int], room: int | None = None) -> CreditControl:
    attempt, delivery, index = place
    return CreditControl(
        id="u.c.1", reader=reader, attempt=attempt, delivery=delivery, index=index, room=room
    )


def test_the_slowest_reader_says_how_far_it_goes() -> None:
    readers = StreamReaders(2, 1)
    assert readers.limit(0) == math.inf
    readers.hear(credit("fast", (2, 1, 90), 10), 0)
    readers.hear(credit("slow", (2, 1, 4), 10), 0)
    assert readers.limit(1) == 14
    readers.hear(credit("slow", (2, 1, 2), 10), 1)
    assert readers.limit(1) == 14
    readers.hear(credit("slow", (2, 1, 4)), 2)
    assert readers.limit(2) == 100
    readers.hear(credit("new", (0, 0, -1), 8), 2)
    assert readers.limit(2) == 7
    readers.hear(credit("new", (3, 1, 5), 8), 2)
    assert readers.limit(2 + READER_SILENCE_S) == math.inf


def test_readers_that_are_waited_for_are_bounded() -> None:
    readers = StreamReaders(1, 1)
    for n in range(1_000):
        readers.hear(credit(f"r{n}", (1, 1, 5), 1 if n == 999 else 10), 0)
    assert readers.limit(0) == 15
    for n in range(MAX_WAITED_FOR):
        readers.hear(credit(f"r{n}", (1, 1, 5)), 0)
    assert readers.limit(0) == math.inf
