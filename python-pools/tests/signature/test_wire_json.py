"""Bytes to values, values to bytes, and the one text of a value that is hashed."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import date

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from dspex.wire_json import MAX_DEPTH, MAX_DIGITS, WireJsonError, canonical_json, dumps, loads
from tests.signature.fixtures import case_name, load
from tests.signature.strategies import JSON, KEYS
from tests.signature.test_fixtures import same

SHARED = load("canonical-json.json")


@pytest.mark.parametrize("case", load("request-hash.json"), ids=case_name)
def test_requests_are_hashed_as_in_typescript(case):
    inputs = loads(case["forms"][0]["body"])
    text = canonical_json({"program": case["program"], "inputs": inputs, "options": case["options"]})
    assert text == case["canonical"]
    assert hashlib.sha256(text.encode()).hexdigest() == case["hash"]


@pytest.mark.parametrize("case", SHARED["canonical"], ids=case_name)
def test_canonical_text(case):
    value = loads(case["text"])
    assert loads(case["text"].encode()) == value
    assert canonical_json(value) == case["canonical"]
    assert canonical_json(loads(dumps(value))) == case["canonical"]


@pytest.mark.parametrize("case", SHARED["refused"], ids=case_name)
def test_refused_text(case):
    with pytest.raises(WireJsonError):
        loads(case["text"])


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


WRITABLE = [
    (2**64, b"18446744073709551616"),
    (-(2**63) - 1, b"-9223372036854775809"),
    ({"a": [1, None, True], "é": "\u2028"}, '{"a":[1,null,true],"é":"\u2028"}'.encode()),
    ((1, [2**70]), b"[1,[1180591620717411303424]]"),
    ("[" * 200, b'"' + b"[" * 200 + b'"'),
]


@pytest.mark.parametrize(("value", "data"), WRITABLE)
def test_dumps(value, data):
    assert dumps(value) == data
    assert dumps(loads(data)) == data


UNWRITABLE = {
    "NaN": math.nan,
    "an infinity beside a null": [None, math.inf],
    "an infinity beside a big integer": [2**70, -math.inf],
    "a lone surrogate": "\ud800",
    "a lone surrogate in a key": {"\udc00": 1},
    "a lone surrogate beside a big integer": [2**70, "\ud800"],
    "a key that is no string": {1: 2},
    "a number as key beside a big integer": {1: 2**70},
    "a set": {1},
    "a date": date(2026, 1, 2),
    "bytes": b"x",
    "too deep a nesting": nested(MAX_DEPTH + 1),
    "such a nesting with a big integer": [nested(MAX_DEPTH), 2**70],
    "too many digits": 10**MAX_DIGITS,
    "far too many digits": 10**9_000,
    "a key that JavaScript must not see": {"__proto__": 1},
    "such a key beside a big integer": {"__proto__": 2**70},
}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_what_json_cannot_say_is_refused(name):
    for write in (dumps, canonical_json):
        with pytest.raises(WireJsonError):
            write(UNWRITABLE[name])


def test_the_deepest_and_the_longest_are_written():
    for value in (nested(MAX_DEPTH), 10 ** (MAX_DIGITS - 1)):
        assert loads(dumps(value)) == value
        assert canonical_json(value) == dumps(value).decode()


UNREADABLE = {
    "nothing": b"",
    "NaN": b"NaN",
    "an infinity": b"-Infinity",
    "a number beyond floats": b"1e400",
    "a lone surrogate": b'"\\ud800"',
    "a lone low surrogate": b'["\\udc00x"]',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "no UTF-8": b'"\xff"',
    "a byte order mark": b"\xef\xbb\xbf1",
    "a leading zero": b"01",
    "more than one value": b"1 2",
    "a trailing comma": b"[1,]",
    "a control character": b'"\n"',
    "single quotes": b"'a'",
    "too deep a nesting": b"[" * 129 + b"]" * 129,
    "too deep an object": b'{"a":' * 129 + b"1" + b"}" * 129,
    "a bottomless nesting": b"[" * 100_000,
    "too many digits": b"1" * (MAX_DIGITS + 1),
    "too many digits with a sign": b"[-" + b"1" * MAX_DIGITS + b"]",
    "a key that JavaScript must not see": b'{"__proto__":1}',
    "the same key escaped": b'[{"\\u005f_proto__":1}]',
    "a str with a lone surrogate": '"\ud800"',
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_json_of_ours_is_refused(name):
    with pytest.raises(WireJsonError):
        loads(UNREADABLE[name])


def test_loads_keeps_every_digit_and_takes_every_kind_of_bytes():
    for data in (b"[9007199254740993,1.0]", bytearray(b"[9007199254740993,1.0]"), "[9007199254740993,1.0]"):
        assert loads(data) == [9007199254740993, 1.0]
        assert [type(number) for number in loads(data)] == [int, float]
    assert loads(memoryview(b'"__proto__ \\u00e9"')) == "__proto__ é"
    assert loads(b'"' + b"1" * 5_000 + b'"') == "1" * 5_000
    assert loads(b'{"a":1,"a":2}') == {"a": 2}


@given(JSON)
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read(value):
    assert same(loads(dumps(value)), value)
    assert dumps(loads(canonical_json(value))) == dumps(json.loads(canonical_json(value)))
    assert canonical_json(loads(canonical_json(value))) == canonical_json(value)


SMALL = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), st.text(), st.floats(-1e300, 1e300)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=5,
)


@given(SMALL)
@settings(max_examples=200, deadline=None)
def test_canonical_json_is_rfc_8785(value):
    assert canonical_json(value).encode() == rfc8785.dumps(value)


@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(data):
    try:
        value = loads(data)
    except WireJsonError:
        return
    assert same(loads(dumps(value)), value)
