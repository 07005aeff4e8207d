"""What holds for every signature, every value that fits it, and every text whatsoever."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dspex import wire_json
from dspex.signature import (
    SignatureError,
    ValuesError,
    decode_inputs,
    decode_outputs,
    encode_inputs,
    encode_outputs,
    format_signature,
    parse_signature,
    signature_from_json,
    signature_hash,
    signature_to_json,
)
from tests.signature.fixtures import cases
from tests.signature.strategies import JSON, members, signatures
from tests.signature.test_fixtures import same

TEXTS = [case["text"] for case in cases("valid") + cases("invalid") if len(case["text"]) < 2_000]
PIECES = [
    *("str", "list[", "]", "(", ")", "{", "}", "|", "None", "->", ",", ":", "=", '"', "'", "\\", "\\ud83d"),
    *("#", "\n", "min_length", "pattern", "1e999", "-", "0.5", "a", "é", "😀", "\ud800", "\x00", "Literal["),
]
MUTATIONS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 3), st.sampled_from(PIECES)))


@given(signatures())
@settings(max_examples=60, deadline=None)
def test_parse_reads_what_format_writes(signature):
    text = format_signature(signature)
    again = parse_signature(text)
    assert again == signature
    assert format_signature(again) == text
    assert signature_hash(again) == signature_hash(signature)


@given(signatures())
@settings(max_examples=40, deadline=None)
def test_json_says_what_the_tree_says(signature):
    json = wire_json.loads(wire_json.dumps(signature_to_json(signature)))
    again = signature_from_json(json)
    assert again == signature
    assert format_signature(again) == format_signature(signature)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_encode_gives_back_what_decode_got(data):
    signature = data.draw(signatures())
    wire = wire_json.loads(wire_json.dumps(data.draw(members(signature.inputs))))
    decoded = decode_inputs(signature, wire)
    assert list(decoded) == [field.name for field in signature.inputs]
    encoded = wire_json.loads(wire_json.dumps(encode_inputs(signature, decoded)))
    assert same(decode_inputs(signature, encoded), decoded)
    assert encode_inputs(signature, decode_inputs(signature, encoded)) == encoded


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_outputs_round_trip(data):
    signature = data.draw(signatures())
    wire = data.draw(members(signature.outputs))
    encoded = encode_outputs(signature, decode_outputs(signature, wire))
    assert encode_outputs(signature, decode_outputs(signature, encoded)) == encoded
    # Wire values are values, too: who has them already may hand them on.
    assert same(decode_outputs(signature, encode_outputs(signature, wire)), decode_outputs(signature, wire))


@given(signatures(), JSON)
@settings(max_examples=40, deadline=None)
def test_any_json_is_decoded_or_refused(signature, wire):
    for decode in (decode_inputs, decode_outputs):
        error = raised_by(ValuesError, lambda: decode(signature, wire))  # noqa: B023  # called at once
        assert error is None or 1 <= len(error.problems) <= 20


@given(st.text())
def test_any_text_is_parsed_or_refused(text):
    check_parses_or_refuses(text)


@given(st.sampled_from(TEXTS), MUTATIONS)
@settings(max_examples=200, deadline=None)
def test_mutated_text_is_parsed_or_refused(text, mutations):
    for at, cut, piece in mutations:
        place = at % (len(text) + 1)
        text = text[:place] + piece + text[place + cut :]
    check_parses_or_refuses(text)


def check_parses_or_refuses(text):
    error = raised_by(SignatureError, lambda: parse_signature(text))
    if error is None:
        signature = parse_signature(text)
        assert parse_signature(format_signature(signature)) == signature
    else:
        assert 0 <= error.offset <= len(text)
        assert text.startswith(error.word, error.offset)


def raised_by(kind, call):
    try:
        call()
    except kind as error:
        return error
    return None


LONG = {
    "fields": lambda n: ", ".join(f"f{i}: str" for i in range(n)) + " -> a",
    "a string": lambda n: '"' + "\\n" * n + '" a -> b',
    "a string that never ends": lambda n: '"' + "x\\n" * n,
    "literals": lambda n: "a: Literal[" + ", ".join(str(i) for i in range(n)) + "] -> b",
    "a comment": lambda n: "#" + "x" * n + "\na -> b",
    "blanks and comments": lambda n: " #\n" * n + "a -> b",
    "quotes": lambda n: "a: Literal[" + '"' * n,
    "brackets": lambda n: "a: " + "list[" * n,
    "digits": lambda n: "a: int = " + "1" * n + "x",
    "a default": lambda n: "a: list[int] = [" + "1, " * n + "1] -> b",
}


@pytest.mark.parametrize("name", LONG)
def test_time_is_linear_in_the_text(name):
    make = LONG[name]
    text = make(8_000)
    small, large = text[:7_500] if len(text) > 60_000 else make(1_000), make(8_000)[:65_000]
    ratio = len(large) / len(small)
    quick, slow = best_time(small), best_time(large)
    # Quadratic time would be ratio times more than this allows for.
    assert slow < max(quick * ratio * 4, 0.005)


def best_time(text):
    """Of this thread alone: what else the machine does takes no part."""
    best = 1e9
    for _ in range(5):
        start = time.thread_time()
        raised_by(SignatureError, lambda: parse_signature(text))
        best = min(best, time.thread_time() - start)
    return best
