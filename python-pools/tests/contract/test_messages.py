"""Every message's examples against its struct and its JSON Schema; tests/contract reads the same files."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from dspex import config, messages
from dspex.codec import decode, decode_bytes, encode
from dspex.errors import DspexError

SCHEMAS = Path(__file__).parents[3] / "schemas"
FILES = sorted((SCHEMAS / "fixtures" / "messages").glob("*.json"))


def struct_of(file: Path) -> Any:
    name = "".join(part.capitalize() for part in file.stem.split("-"))
    return getattr(messages, name, None) or getattr(config, name)


def as_ecmascript_means_it(members: dict[str, Any]) -> dict[str, Any]:
    """Python's `$` also matches before a last line end."""
    pattern = members.get("pattern")
    return {**members, "pattern": re.sub(r"\$$", r"\\Z", pattern)} if isinstance(pattern, str) else members


def json_schema_of(file: Path) -> Draft202012Validator:
    text = (SCHEMAS / "generated" / "json-schema" / file.name).read_text()
    return Draft202012Validator(json.loads(text, object_hook=as_ecmascript_means_it))


def examples() -> list[Any]:
    return [
        pytest.param(file, example, id=f"{file.stem} - {example['name']}")
        for file in FILES
        for example in json.loads(file.read_text())
    ]


def same_place(found: str, expected: str) -> bool:
    """msgspec writes `[...]` for a member of a dict: it does not say which."""
    pattern = re.escape(found).replace(re.escape("[...]"), r"\.[^.\[]+")
    return re.fullmatch(pattern, expected) is not None


def test_every_file_has_a_struct():
    assert len(FILES) > 25
    for file in FILES:
        assert struct_of(file) is not None


@pytest.mark.parametrize(("file", "example"), examples())
def test_struct(file, example):
    kind = struct_of(file)
    body = json.dumps(example["message"]).encode()
    for read in (lambda: decode(kind, example["message"]), lambda: decode_bytes(kind, body)):
        if example["valid"]:
            read()
        else:
            with pytest.raises(DspexError) as raised:
                read()
            assert raised.value.code == "invalid_inputs"
            assert same_place(raised.value.path or "", example["errorPath"]), raised.value.path


@pytest.mark.parametrize(("file", "example"), examples())
def test_json_schema(file, example):
    assert json_schema_of(file).is_valid(example["message"]) == example["valid"]


@pytest.mark.parametrize(("file", "example"), [param for param in examples() if param.values[1]["valid"]])
def test_written_again_it_is_the_same_message(file, example):
    kind = struct_of(file)
    once = decode(kind, example["message"])
    written = encode(once)
    assert decode_bytes(kind, written) == once


def test_what_is_absent_is_left_out_and_never_null():
    failed = decode(messages.CancelRequested, {"id": "local.c.1"})
    assert encode(failed) == b'{"id":"local.c.1"}'


def test_messages_do_not_change():
    with pytest.raises(AttributeError):
        decode(messages.CancelRequested, {"id": "local.c.1"}).id = "local.c.2"


def test_a_reader_takes_null_for_absent():
    assert decode(messages.CancelRequested, {"id": "local.c.1", "reason": None}).reason is None


def test_integers_beyond_64_bits_survive_in_values():
    work = decode_bytes(messages.Request, b'{"inputs":{"n":123456789012345678901234567890}}')
    assert work.inputs == {"n": 123456789012345678901234567890}
    assert msgspec.json.decode(encode(work))["inputs"] == work.inputs


def test_every_event_type_has_its_struct():
    assert messages.EVENT_DATA[messages.RESULT_TYPE] is messages.Result
    assert all(re.fullmatch(r"dspex(\.[a-z-]+)+\.v\d+", name) for name in messages.EVENT_DATA)
