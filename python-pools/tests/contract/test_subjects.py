"""Subjects and ids against the table that TypeScript is held to as well (tests/contract/subjects.test.ts)."""

import inspect
import json
import re
from pathlib import Path

import pytest

from dspex import ids, subjects
from dspex.errors import DspexError

TABLE = json.loads((Path(__file__).parents[3] / "schemas" / "fixtures" / "subjects.json").read_text())


def find(name):
    snake = name if name.isupper() else re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
    return getattr(subjects, snake, None) or getattr(ids, snake)


def as_json(value):
    if hasattr(value, "_asdict"):
        return {name: member for name, member in value._asdict().items() if member is not None}
    return list(value) if isinstance(value, tuple) else value


def camel(name):
    return name if name.isupper() else re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def test_every_builder_and_constant_is_in_the_table():
    named = {*TABLE["constants"], *(call["function"] for call in TABLE["calls"])}
    own = {
        name
        for module in (subjects, ids)
        for name, value in vars(module).items()
        if not name.startswith("_")
        and ((inspect.isfunction(value) and value.__module__ == module.__name__) or name.isupper())
    }
    assert {camel(name) for name in own} - named == {"RESERVED_TOKENS"}


def test_constants():
    for name, value in TABLE["constants"].items():
        assert as_json(find(name)) == value, name


@pytest.mark.parametrize("call", TABLE["calls"], ids=lambda c: f"{c['function']}{c['arguments']}")
def test_call(call):
    if call.get("refuses"):
        with pytest.raises(DspexError) as raised:
            find(call["function"])(*call["arguments"])
        assert raised.value.code == "invalid_inputs"
    else:
        assert as_json(find(call["function"])(*call["arguments"])) == call["returns"]


def test_the_message_quotes_the_value():
    with pytest.raises(DspexError, match=r'user "a\.b" is not a token'):
        subjects.request_subject("a.b", "answer")
