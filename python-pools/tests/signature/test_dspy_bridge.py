"""Our signatures as DSPy's classes, DSPy's classes as our signatures, and real modules that run on them."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, Any, Literal, Optional

import annotated_types as at
import dspy
import pytest
from dspy.utils import DummyLM
from dspy.utils.exceptions import AdapterParseError
from hypothesis import given, settings
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from dspex.signature import (
    SignatureError,
    ValuesError,
    decode_inputs,
    decode_outputs,
    encode_outputs,
    format_signature,
    parse_signature,
)
from dspex.signature.dspy_bridge import (
    dspy_names,
    from_dspy_outputs,
    from_dspy_signature,
    to_dspy_inputs,
    to_dspy_outputs,
    to_dspy_signature,
)
from tests.signature.fixtures import case_name, cases
from tests.signature.strategies import signatures


def run(text, wire, answer, module=dspy.Predict):
    """A program as a pool runs it, on a model that answers `answer`; wire in, wire out."""
    signature = parse_signature(text)
    program = module(to_dspy_signature(signature))
    lm = DummyLM([answer], adapter=dspy.JSONAdapter())
    # As pools run, there is no history; other tests may have set it so.
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter(), trace=[], disable_history=False):
        prediction = program(**to_dspy_inputs(signature, decode_inputs(signature, wire)))
        prompt = "\n".join(str(message["content"]) for message in lm.history[-1]["messages"])
    return encode_outputs(signature, from_dspy_outputs(signature, prediction)), prompt


ROUND_TRIPS = [case for case in cases("valid") if len(case["text"]) < 2_000]


@pytest.mark.parametrize("case", ROUND_TRIPS, ids=case_name)
def test_there_and_back(case):
    signature = parse_signature(case["text"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        back = from_dspy_signature(to_dspy_signature(signature))
    assert format_signature(back) == format_signature(expected(signature))


@given(signatures())
@settings(max_examples=25, deadline=None)
def test_there_and_back_for_any_signature(signature):
    back = from_dspy_signature(to_dspy_signature(signature))
    assert format_signature(back) == format_signature(expected(signature))


def expected(signature):
    """DSPy keeps instructions as a docstring, without the blanks around; an empty one is none."""
    said = signature.instructions or None
    made = None if said is None else dspy.Signature("a -> b", said).instructions
    return type(signature)(signature.inputs, signature.outputs, made)


def test_one_class_for_one_signature():
    first = to_dspy_signature(parse_signature("q -> a: int"))
    assert first is to_dspy_signature(parse_signature("q: str -> a: int"))
    assert first is not to_dspy_signature(parse_signature("q -> a: float"))


def test_a_nested_object_goes_in_as_a_model_and_comes_out_as_an_object():
    person = "{name: str(min_length=1), born: date | None, tags: list[str]}"
    text = f"who: {{name: str, copy: int = 2}} -> person: {person}"
    answer = {"person": {"name": "Ada", "born": "1815-12-10", "tags": ["x"]}}
    outputs, prompt = run(text, {"who": {"name": "ada"}}, answer)
    assert outputs == answer
    assert '{"name": "ada", "copy": 2}' in prompt


def test_a_constraint_inside_is_kept_by_dspy():
    with pytest.raises(AdapterParseError):
        run("q -> tags: list[str(max_length=2)]", {"q": "x"}, {"tags": ["abc"]})
    with pytest.raises(AdapterParseError):
        run('q -> p: {code: str(pattern="^[a-z]+$")}', {"q": "x"}, {"p": {"code": "A1"}})
    with pytest.raises(AdapterParseError):
        run("q -> n: int(ge=3) | None", {"q": "x"}, {"n": 2})


def test_a_constraint_on_top_is_told_to_the_model_and_enforced_here():
    with pytest.raises(ValuesError) as raised:
        run("q -> confidence: float(ge=0, le=1)", {"q": "x"}, {"confidence": 1.5})
    assert raised.value.code == "output_invalid"
    outputs, prompt = run('q -> a: str(max_length=3, pattern="^a")', {"q": "x"}, {"a": "abc"})
    assert outputs == {"a": "abc"}
    assert 'Constraints: at most 3, matching "^a"' in prompt


def test_values_that_only_we_know_reach_the_model_and_come_back():
    text = "b: bytes, d: date, i: int | None, l: list[float] -> "
    text += "c: bytes, t: time, when: datetime, k: Literal[1, 'x']"
    answer = {"c": "AQI=", "t": "10:30:00", "when": "2026-01-02T03:04:05Z", "k": 1}
    outputs, prompt = run(text, {"b": {"$bytes": "/w=="}, "d": "2026-01-02", "l": [1]}, answer)
    assert outputs == {"c": {"$bytes": "AQI="}, "t": "10:30:00", "when": "2026-01-02T03:04:05Z", "k": 1}
    assert "/w==" in prompt
    assert "2026-01-02" in prompt


def test_names_that_dspy_keeps_for_itself_are_only_names():
    names = [
        "config",
        "lm",
        "demos",
        "self",
        "json",
        "copy",
        "model_config",
        "model_dump_x",
        "new_signature",
        "items",
    ]
    text = ", ".join(names) + " -> keys, schema, prediction, input_fields, toDict"
    wire = {name: f"<{name}>" for name in names}
    answer = {"keys": "k", "schema_": "s", "prediction_": "p", "input_fields_": "i", "toDict": "t"}
    outputs, prompt = run(text, wire, answer)
    assert outputs == {"keys": "k", "schema": "s", "prediction": "p", "input_fields": "i", "toDict": "t"}
    assert all(f"<{name}>" in prompt for name in names)


def test_dspys_names_and_values_for_examples():
    signature = parse_signature("config: str, q: bytes -> copy: {json: int}, a: datetime | None")
    assert dspy_names(signature) == {"config": "config_", "q": "q", "copy": "copy_", "a": "a"}
    outputs = to_dspy_outputs(signature, decode_outputs(signature, {"copy": {"json": 1}}))
    assert outputs["copy_"].json_ == 1
    assert outputs["copy_"].model_dump() == {"json": 1}
    assert encode_outputs(signature, from_dspy_outputs(signature, outputs)) == {
        "copy": {"json": 1},
        "a": None,
    }


def test_a_conversation_becomes_messages():
    text = "copy: str, history: History | None -> a"
    turn = {"inputs": {"copy": "first"}, "outputs": {"a": "one"}}
    _, prompt = run(text, {"copy": "second", "history": [turn]}, {"a": "two"})
    assert prompt.index("first") < prompt.index("one") < prompt.index("second")
    assert "Not supplied" not in prompt
    outputs, _ = run(text, {"copy": "alone"}, {"a": "three"})
    assert outputs == {"a": "three"}


def test_what_a_module_adds_is_left_out():
    outputs, _ = run("q -> a", {"q": "x"}, {"reasoning": "so", "a": "y"}, module=dspy.ChainOfThought)
    assert outputs == {"a": "y"}


def test_outputs_that_may_be_missing_may_be_missing():
    assert run("q -> a, b: int = 3, c: str | None", {"q": "x"}, {"a": "y"})[0] == {
        "a": "y",
        "b": 3,
        "c": None,
    }


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid")
    street: str = Field(max_length=20, description="with the number")
    zip: Annotated[str, StringConstraints(pattern="^[0-9]{5}$")]


class Person(BaseModel):
    name: str
    home: Address | None = None
    others: list[Address] = Field(default_factory=list, max_length=3)


class Rich(dspy.Signature):
    """Find the person."""

    text: str = dspy.InputField(desc="what is read")
    limit: Annotated[int, at.Ge(1)] = dspy.InputField(default=3, le=9)
    picture: dspy.Image | None = dspy.InputField()
    history: dspy.History = dspy.InputField()
    person: Person = dspy.OutputField()
    colour: Colour = dspy.OutputField(desc="of the hair")
    mood: Literal["good", "bad"] = dspy.OutputField()
    score: float = dspy.OutputField(ge=0, le=1)
    words: list[Annotated[str, Field(max_length=5)]] = dspy.OutputField(min_length=1)
    counts: dict[str, int] = dspy.OutputField()
    seen: Optional[datetime] = dspy.OutputField(default=None)  # noqa: UP045  # the older form is what is met
    why: dspy.Reasoning = dspy.OutputField()
    code: dspy.Code = dspy.OutputField()
    rest: Any = dspy.OutputField()


ADDRESS = '{street: str(max_length=20) "with the number", zip: str(pattern="^[0-9]{5}$")}'


def test_a_users_class_has_a_text():
    assert format_signature(from_dspy_signature(Rich)) == (
        '"Find the person." text: str "what is read", limit: int(ge=1, le=9) = 3, picture: Image | None, '
        "history: History -> "
        f"person: {{name: str, home: {ADDRESS} | None = None, others: list[{ADDRESS}](max_length=3) = []}}, "
        'colour: Literal["red", "blue"] "of the hair", mood: Literal["good", "bad"], '
        "score: float(ge=0, le=1), "
        "words: list[str(max_length=5)](min_length=1), counts: dict[str, int], seen: datetime | None = None, "
        "why: str, code: str, rest: Any"
    )


def test_string_signatures_have_one_too():
    made = from_dspy_signature(dspy.Signature("question, n: int -> answer: list[str]"))
    assert format_signature(made) == "question: str, n: int -> answer: list[str]"


def test_what_a_users_module_gives_is_encoded():
    signature = parse_signature(
        "q -> person: {name: str, home: {street: str, zip: str} | None}, colour: Literal['red']"
    )
    home = Address(street="s", zip="12345")
    person = create_model("P", name=(str, ...), home=(Address, ...))(name="n", home=home)
    given = {"person": person, "colour": Colour.RED}
    assert encode_outputs(signature, given) == {
        "person": {"name": "n", "home": {"street": "s", "zip": "12345"}},
        "colour": "red",
    }


class Loop(BaseModel):
    inner: list[Loop]


UNSUPPORTED = {
    "a set": (set[int], "set[int]"),
    "a union": (int | str, "int | str"),
    "a tuple": (tuple[int, str], "tuple[int, str]"),
    "numbers as keys": (dict[int, str], "dict[int, str]"),
    "audio": (dspy.Audio, "Audio"),
    "tool calls": (dspy.ToolCalls, "ToolCalls"),
    "a class of one's own": (object, "object"),
    "a model inside of itself": (Loop, "Loop"),
    "a pattern that is no RE2": (list[Annotated[str, Field(pattern="(?i)x")]], "pattern"),
    "a constraint on a date": (Annotated[date, at.Ge(date(2026, 1, 1))] | None, "ge"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_has_no_text_is_refused_by_field_and_type(name):
    annotation, word = UNSUPPORTED[name]
    made = dspy.Signature({"q": (str, dspy.InputField()), "odd": (annotation, dspy.OutputField())})
    with pytest.raises(SignatureError) as raised:
        from_dspy_signature(made)
    assert "odd" in str(raised.value)
    assert word in str(raised.value)


def test_a_default_without_text_is_refused():
    made = dspy.Signature({"q": (dict, dspy.InputField(default={"a": 1})), "a": (str, dspy.OutputField())})
    with pytest.raises(SignatureError, match="q"):
        from_dspy_signature(made)
    stamped = dspy.Signature(
        {
            "q": (datetime, dspy.InputField(default_factory=lambda: datetime.now(UTC))),
            "a": (str, dspy.OutputField()),
        }
    )
    with pytest.raises(SignatureError, match="made by a function"):
        from_dspy_signature(stamped)
