"""What Python values become on the wire, and what is told about those that cannot."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum, IntEnum

import dspy
import numpy
import pytest
from pydantic import BaseModel

from dspex.signature import (
    ImageReference,
    ValuesError,
    decode_inputs,
    decode_outputs,
    encode_inputs,
    encode_outputs,
    parse_signature,
)


class Colour(str, Enum):  # noqa: UP042  # the older form is what is met
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Person(BaseModel):
    name: str
    born: date | None = None


@dataclass
class Point:
    x: int
    y: float


def encoded(type_, value):
    return encode_outputs(parse_signature(f"q -> v: {type_}"), {"v": value})["v"]


def decoded(type_, wire):
    return decode_inputs(parse_signature(f"v: {type_} -> a"), {"v": wire})["v"]


def problems(call):
    with pytest.raises(ValuesError) as raised:
        call()
    return [(problem.path, problem.expected, problem.got) for problem in raised.value.problems]


PYTHON_TO_WIRE = [
    ("str", "é\n", "é\n"),
    ("str", Colour.RED, "red"),
    ("str", dspy.Reasoning(content="because"), "because"),
    ("str", dspy.Code(code="1 + 1"), "1 + 1"),
    ("int", 2**80, 2**80),
    ("int", Level.HIGH, 3),
    ("int", numpy.int64(7), 7),
    ("int", 3.0, 3),
    ("float", 3, 3.0),
    ("float", numpy.float32(0.5), 0.5),
    ("float(allow_inf_nan=true)", math.nan, "NaN"),
    ("float(allow_inf_nan=true)", -math.inf, "-Infinity"),
    ("bool", numpy.bool_(True), True),
    ("bytes", b"\x01\x02", {"$bytes": "AQI="}),
    ("bytes", bytearray(b""), {"$bytes": ""}),
    ("bytes", {"$bytes": "AQI="}, {"$bytes": "AQI="}),
    ("date", date(2026, 1, 2), "2026-01-02"),
    ("date", "2026-01-02", "2026-01-02"),
    ("time", time(1, 2, 3, 500_000), "01:02:03.5"),
    ("datetime", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
    ("datetime", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=-5.5))), "0001-01-01T00:00:00-05:30"),
    ("list[int]", (1, 2), [1, 2]),
    ("dict[str, int]", OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    ('Literal["red", 3, 1.5, None]', Colour.RED, "red"),
    ('Literal["red", 3, 1.5, None]', numpy.float64(1.5), 1.5),
    ("{name: str, born: date | None}", Person(name="n"), {"name": "n", "born": None}),
    ("{x: int, y: float}", Point(1, 2), {"x": 1, "y": 2.0}),
    ("{x: int, y: int = 5}", {"x": 1}, {"x": 1, "y": 5}),
    ("str | None", None, None),
    (
        "Any",
        {"a": (1, Person(name="n")), "b": b"\x01"},
        {"a": [1, {"name": "n", "born": None}], "b": {"$bytes": "AQ=="}},
    ),
    ("Any", [Colour.RED, date(2026, 1, 2), None, 2**70], ["red", "2026-01-02", None, 2**70]),
    ("Image", dspy.Image("https://a.example/b.png"), {"$image": {"url": "https://a.example/b.png"}}),
    ("History", dspy.History(messages=[{"q": 1, "v": 2}]), [{"inputs": {"q": 1}, "outputs": {"v": 2}}]),
]


@pytest.mark.parametrize(("type_", "value", "wire"), PYTHON_TO_WIRE)
def test_encode(type_, value, wire):
    assert encoded(type_, value) == wire
    assert type(encoded(type_, value)) is type(wire)


NO_VALUES = [
    ("str", 1, "str", "int 1"),
    ("str", "\ud800", "str", 'str "\\ud800"'),
    ("str(max_length=2)", "abc", "str, at most 2", 'str "abc"'),
    ("int", True, "int", "bool true"),
    ("int", 0.5, "int", "float 0.5"),
    ("float", math.nan, "float", "float NaN"),
    ("float", 10**400, "float", "int " + "1" + "0" * 79 + "…"),
    ("float(ge=0, le=1)", 1.5, "float, >= 0, <= 1", "float 1.5"),
    ("float(ge=0, allow_inf_nan=true)", math.nan, "float, >= 0", "float NaN"),
    ("bool", 1, "bool", "int 1"),
    ("bytes(max_length=1)", b"\x01\x02", "bytes, at most 1", "bytes"),
    ("date", datetime(2026, 1, 2, tzinfo=UTC), "date", "datetime"),
    ("datetime", datetime(2026, 1, 2), "datetime", "datetime without offset"),  # noqa: DTZ001  # naive is the point
    ("time", time(1, tzinfo=UTC), "time", "time"),
    ("list[str]", "abc", "list of str", 'str "abc"'),
    ("list[str]", {"a"}, "list of str", "set"),
    ("dict[str, int]", {1: 2}, "dict of int", "object of 1"),
    ("Any", {1: 2}, "any JSON value", "object of 1"),
    ("Any", object(), "any JSON value", "object"),
    ("Any", [math.inf], "any JSON value", "list of 1"),
    ("Image", "https://a.example", "image", 'str "https://a.example"'),
    ("{a: int}", 7, "object", "int 7"),
]


@pytest.mark.parametrize(("type_", "value", "expected", "got"), NO_VALUES)
def test_encode_refuses(type_, value, expected, got):
    assert problems(lambda: encoded(type_, value)) == [("outputs.v", expected, got)]


def test_decode_gives_python_values():
    wire = {
        "a": 3,
        "b": {"$bytes": "AQI="},
        "c": "2026-01-02T03:04:05.5+01:00",
        "d": {"x": "NaN"},
        "e": "2026-01-02",
    }
    signature = parse_signature(
        "a: float, b: bytes, c: datetime, d: {x: float(allow_inf_nan=true), y: int = 3, z: str | None}"
        ", e: date -> f"
    )
    values = decode_inputs(signature, wire)
    assert (values["a"], type(values["a"])) == (3.0, float)
    assert values["b"] == b"\x01\x02"
    assert values["c"] == datetime(2026, 1, 2, 2, 4, 5, 500_000, tzinfo=UTC)
    assert math.isnan(values["d"]["x"])
    assert (values["d"]["y"], values["d"]["z"]) == (3, None)
    assert values["e"] == date(2026, 1, 2)


def test_images_and_conversations_are_dspys():
    image = decoded("Image", {"$image": {"url": "https://a.example/b.png"}})
    assert isinstance(image, dspy.Image)
    assert image.url == "https://a.example/b.png"
    body = {"bucket": "b", "key": "u/1", "sizeBytes": 3, "sha256": "a" * 64, "contentType": "image/png"}
    reference = decoded("Image", {"$image": {"ref": body}})
    assert reference == ImageReference("b", "u/1", 3, "a" * 64, "image/png")
    assert encoded("Image", reference) == {"$image": {"ref": body}}
    history = decoded("History", [{"inputs": {"v": "hi"}, "outputs": {"a": "ho"}}])
    assert history == dspy.History(messages=[{"v": "hi", "a": "ho"}])
    # Names of fields are kept as they are, white space included.
    assert decoded("History", [{"inputs": {"\n v": 1}, "outputs": {}}]).messages == [{"\n v": 1}]


def test_a_list_inside_of_itself_is_refused_in_no_time():
    loop = []
    loop += [loop, loop, b""]
    assert problems(lambda: encoded("Any", loop)) == [("outputs.v", "any JSON value", "list of 3")]


def test_defaults_are_new_each_time():
    signature = parse_signature("a: list[int] = [1] -> b: list[int] = [2]")
    decode_inputs(signature, {})["a"].append(7)
    assert decode_inputs(signature, {}) == {"a": [1]}
    encode_outputs(signature, {})["b"].append(7)
    assert encode_outputs(signature, {}) == {"b": [2]}


def test_inputs_are_sent_as_said_and_outputs_are_told_in_full():
    signature = parse_signature("a: int = 1, b: str | None -> c: int = 2, d: str | None")
    assert encode_inputs(signature, {}) == {}
    assert encode_outputs(signature, {}) == {"c": 2}
    assert decode_inputs(signature, {}) == {"a": 1, "b": None}
    assert decode_outputs(signature, {}) == {"c": 2, "d": None}


def test_predictions_and_models_are_objects():
    signature = parse_signature("q -> name: str, born: date | None")
    assert encode_outputs(signature, Person(name="n", born=date(2026, 1, 2))) == {
        "name": "n",
        "born": "2026-01-02",
    }
    assert encode_outputs(signature, dspy.Prediction(name="n")) == {"name": "n"}
    extra = dspy.Prediction(name="n", reasoning="r")
    assert problems(lambda: encode_outputs(signature, extra)) == [
        ("outputs.reasoning", "no such field", 'str "r"'),
    ]


def test_every_problem_is_told_up_to_twenty():
    signature = parse_signature("a: list[int], b: {c: str, d: list[{e: bool}]} -> f")
    wire = {"a": [1, "x"], "b": {"c": 1, "d": [{"e": 1}, {}], "z": 0}, "y": 0}
    assert problems(lambda: decode_inputs(signature, wire)) == [
        ("inputs.a[1]", "int", 'str "x"'),
        ("inputs.b.c", "str", "int 1"),
        ("inputs.b.d[0].e", "bool", "int 1"),
        ("inputs.b.d[1].e", "bool", "nothing"),
        ("inputs.b.z", "no such field", "int 0"),
        ("inputs.y", "no such field", "int 0"),
    ]
    many = {"a": ["x"] * 1_000, "b": {"c": "", "d": []}}
    assert len(problems(lambda: decode_inputs(signature, many))) == 20


def test_the_error_says_the_first_and_counts_the_rest():
    with pytest.raises(ValuesError) as raised:
        decode_outputs(parse_signature("q -> a: int, b: int"), {"a": "x"})
    assert raised.value.code == "output_invalid"
    assert str(raised.value) == 'outputs.a: expected int, got str "x" (and 1 more)'
    assert raised.value.problems[0].field == "a"
    assert raised.value.retryable is False
