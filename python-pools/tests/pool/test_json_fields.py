"""The text of a field while its JSON is being written, however the pieces fall."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dspex_pool.json_fields import JsonFields

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def followed(text: str, pieces: int, *wanted: str) -> dict[str, str]:
    fields = JsonFields(wanted)
    found: dict[str, str] = {}
    for at in range(0, len(text), pieces):
        for name, added in fields.feed(text[at : at + pieces]):
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
        ('{"answer": null, "more": "m"}', {"more": "m"}),
        ('{"answer": ["x", "}"], "more": "m"}', {"more": "m"}),
        ('{"inner": {"answer": "no"}, "answer": "yes"}', {"answer": "yes"}),
        ('{"answer": "half', {"answer": "half"}),
        (r'{"answer": "\ud83d\ude00\u00e9\n\"\\"}', {"answer": '😀é\n"\\'}),
        (r'{"answer": "\ud83d-\ude00"}', {"answer": "\ufffd-\ufffd"}),
        ('{"answer": 7} {"answer": "after the end"}', {}),
        ("no json", {}),
        ("", {}),
    ],
)
def test_fields_of_odd_objects(text: str, found: dict[str, str]) -> None:
    for pieces in (1, 2, 100):
        assert followed(text, pieces, "answer", "more") == found
