"""Every shared case of text, patterns and values."""

from __future__ import annotations

import math
from datetime import datetime

import dspy
import pytest

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
    signature_to_json,
)
from dspex.signature.patterns import pattern_problem, searcher
from tests.signature.fixtures import case_name, cases, load

DECODE = {"inputs": decode_inputs, "outputs": decode_outputs}
ENCODE = {"inputs": encode_inputs, "outputs": encode_outputs}


def test_fixtures_are_as_many_as_promised():
    assert len(cases("valid")) >= 60
    assert len(cases("invalid")) >= 50
    assert len(cases("values")) >= 120


@pytest.mark.parametrize("case", cases("valid"), ids=case_name)
def test_valid_text(case):
    signature = parse_signature(case["text"])
    assert signature_to_json(signature) == case["ast"]
    assert format_signature(signature) == case["canonical"]
    assert parse_signature(case["canonical"]) == signature
    assert signature_from_json(case["ast"]) == signature


@pytest.mark.parametrize("case", cases("invalid"), ids=case_name)
def test_invalid_text(case):
    with pytest.raises(SignatureError) as raised:
        parse_signature(case["text"])
    assert (raised.value.offset, raised.value.word) == (case["offset"], case["word"])
    for part in case["contains"]:
        assert part in str(raised.value)


PATTERNS = load("signatures/patterns.json")


@pytest.mark.parametrize("case", PATTERNS["accepted"], ids=lambda case: case["pattern"])
def test_accepted_pattern(case):
    assert pattern_problem(case["pattern"]) is None
    search = searcher(case["pattern"])
    assert [text for text in case["matches"] if search(text) is None] == []
    assert [text for text in case["misses"] if search(text) is not None] == []


@pytest.mark.parametrize("pattern", PATTERNS["refused"])
def test_refused_pattern(pattern):
    assert pattern_problem(pattern) is not None


@pytest.mark.parametrize("case", cases("values"), ids=case_name)
def test_values(case):
    signature, side = parse_signature(case["signature"]), case["side"]
    try:
        wire = wire_json.loads(case["wireText"]) if "wireText" in case else case["wire"]
    except wire_json.WireJsonError:
        assert not case["valid"]
        assert "problems" not in case
        return
    if not case["valid"]:
        with pytest.raises(ValuesError) as raised:
            DECODE[side](signature, wire)
        assert [problem.to_json() for problem in raised.value.problems] == case.get("problems")
        assert raised.value.code == ("invalid_inputs" if side == "inputs" else "output_invalid")
        return
    decoded = DECODE[side](signature, wire)
    encoded = ENCODE[side](signature, decoded)
    assert says_the_same(encoded, case.get("filled", wire))
    assert same(DECODE[side](signature, encoded), decoded)


def says_the_same(ours, filled):
    """Python has None for what is absent on the wire, and its own spelling of fractions and offsets."""
    if isinstance(ours, dict) and isinstance(filled, dict):
        absent = [key for key in ours if key not in filled]
        shared = [key for key in ours if key in filled]
        return (
            len(shared) == len(filled)
            and all(ours[key] is None for key in absent)
            and all(says_the_same(ours[key], filled[key]) for key in shared)
        )
    if isinstance(ours, list) and isinstance(filled, list):
        return len(ours) == len(filled) and all(map(says_the_same, ours, filled))
    if isinstance(ours, str) and isinstance(filled, str) and ours != filled:
        return moment(ours) == moment(filled)
    return ours == filled and (type(ours) is bool) == (type(filled) is bool)


def moment(text):
    """Of a date with a time, or of a time alone."""
    return datetime.fromisoformat(text if "T" in text else f"2000-01-01T{text}")  # both alike


def same(left, right):
    """Equality under which NaN equals itself, at every level."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return left == right and type(left) is type(right)


IMAGES = [case for case in cases("values") if case["name"].startswith("image by") and case["valid"]]


@pytest.mark.parametrize("case", IMAGES, ids=case_name)
def test_an_image_that_fits_is_one_that_dspy_takes(case):
    image = decode_inputs(parse_signature(case["signature"]), case["wire"])["v"]
    if isinstance(image, dspy.Image):
        assert image.format() == [{"type": "image_url", "image_url": {"url": dspy.Image(image.url).url}}]
