"""Outputs while their JSON is being written, however the pieces fall."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspex.signature import StrType, Type, parse_signature
from dspex.wire_json import canonical_json, loads
from dspex_pool.json_fields import JsonFields
from tests.signature.strategies import members, signatures

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def followed(text: str, pieces: int, *wanted: str, types: dict[str, Type] | None = None) -> dict[str, str]:
    fields = JsonFields(dict.fromkeys(wanted, StrType()) if types is None else types)
    found: dict[str, str] = {}
    for at in range(0, len(text), pieces):
        for name, added, _ in fields.feed(text[at : at + pieces]):
            found[name] = found.get(name, "") + added
    return found


@given(
    st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=4),
    st.text(),
    st.integers(1, 9),
    st.booleans(),
    st.sampled_from([None, 2]),
)
def test_what_is_followed_adds_up_to_the_field(
    others: dict[str, object], answer: str, pieces: int, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps({**others, "answer": answer}, ensure_ascii=ascii_only, indent=indent)
    # A lone surrogate is no text; it is shown as what it is not.
    wanted = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in answer)
    assert followed(f"```json\n{text}\n```", pieces, "answer").get("answer", "") == wanted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"answer": "a"}', {"answer": "a"}),
        ('{"answer": null, "more": "m"}', {"answer": "null", "more": "m"}),
        ('{"answer": ["x", "}"], "more": "m"}', {"answer": '["x", "}"]', "more": "m"}),
        ('{"inner": {"answer": "no"}, "answer": "yes"}', {"answer": "yes"}),
        ('{"answer": "half', {"answer": "half"}),
        ('{"answer": 12', {}),
        (r'{"answer": "\ud83d\ude00\u00e9\n\"\\"}', {"answer": '😀é\n"\\'}),
        (r'{"answer": "\ud83d-\ude00"}', {"answer": "\ufffd-\ufffd"}),
        ('{"answer": 7} {"answer": "after the end"}', {"answer": "7"}),
        ('{"answer": ' + "[" * 10_000, {"answer": "[" * 64}),
        ("no json", {}),
        ("", {}),
    ],
)
def test_fields_of_odd_objects(text: str, found: dict[str, str]) -> None:
    for pieces in (1, 2, 100):
        assert followed(text, pieces, "answer", "more") == found


def test_pieces_end_in_whole_values() -> None:
    signature = parse_signature(
        "q: str -> people: list[{name: str, age: int, role: Literal['boss', 'clerk']}]"
    )
    fields = JsonFields({field.name: field.type for field in signature.outputs})
    pieces = ['{"people": [{"na', 'me": "A', 'da", "age": 3', '6, "role": "bo', 'ss"} ', "]}"]
    said = ["".join(one.text for one in fields.feed(piece)) for piece in pieces]
    assert said == ["[{", '"name": "A', 'da"', ', "age": 36', ', "role": "boss"}', "]"]


def closed(text: str) -> str:
    """What is open is closed."""
    closing, in_string, escaped = "", False, False
    for character in text:
        if escaped:
            escaped = False
        elif in_string:
            escaped = character == "\\"
            in_string = character != '"'
        elif character == '"':
            in_string = True
        elif character in "{[":
            closing = ("}" if character == "{" else "]") + closing
        elif character in "}]":
            closing = closing[1:]
    return text + ('"' if in_string else "") + closing


@given(st.data(), st.integers(1, 9), st.sampled_from([None, 1]))
def test_any_outputs_add_up_and_each_beginning_is_a_value(
    data: st.DataObject, size: int, indent: int | None
) -> None:
    signature = data.draw(signatures())
    wire: dict[str, Any] = data.draw(members(signature.outputs))
    text = json.dumps(wire, indent=indent)
    fields = JsonFields({field.name: field.type for field in signature.outputs})
    said: dict[str, str] = {}
    is_json: dict[str, bool] = {}
    for at in range(0, len(text), size):
        for piece in fields.feed(text[at : at + size]):
            said[piece.field] = said.get(piece.field, "") + piece.text
            is_json[piece.field] = piece.is_json
            if piece.is_json:
                loads(closed(said[piece.field]))
    for name, value in wire.items():
        if is_json.get(name):
            assert canonical_json(loads(said[name])) == canonical_json(value)
        else:
            assert said.get(name, "") == value
