"""Syntax trees as JSON that somebody else wrote."""

from __future__ import annotations

import copy
import pickle

import pytest

from dspex.signature import (
    SignatureError,
    decode_inputs,
    format_signature,
    parse_signature,
    signature_from_json,
    signature_to_json,
)
from tests.signature.fixtures import cases

GOOD = {
    "inputs": [
        {"name": "a", "type": {"kind": "list", "items": {"kind": "str"}, "maxLength": 3}, "default": ["x"]}
    ],
    "outputs": [{"name": "b", "type": {"kind": "optional", "of": {"kind": "float", "ge": 0.0, "lt": 1}}}],
}


def with_input(**changes):
    json = copy.deepcopy(GOOD)
    json["inputs"][0].update(changes)
    return json


def test_numbers_become_what_text_would_make_of_them():
    assert format_signature(signature_from_json(GOOD)) == (
        'a: list[str](max_length=3) = ["x"] -> b: float(ge=0, lt=1) | None'
    )


def test_optional_types_collapse():
    nested = {"kind": "optional", "of": {"kind": "optional", "of": {"kind": "int"}}}
    json = {**GOOD, "outputs": [{"name": "b", "type": nested}]}
    assert signature_from_json(json).outputs == parse_signature("a -> b: int | None").outputs


BAD = {
    "no object": ([], "signature"),
    "no outputs": ({"inputs": GOOD["inputs"]}, "signature"),
    "no fields": ({**GOOD, "outputs": []}, "outputs"),
    "an unknown member": ({**GOOD, "x": 1}, "signature"),
    "null instead of nothing": ({**GOOD, "instructions": None}, "instructions"),
    "a name on both sides": ({**GOOD, "outputs": GOOD["inputs"]}, "outputs[0].name"),
    "a reserved name": (with_input(name="fields"), "inputs[0].name"),
    "a name that is none": (with_input(name="a b"), "inputs[0].name"),
    "a name that is no string": (with_input(name=["a"]), "inputs[0].name"),
    "an unknown kind": (with_input(type={"kind": "set"}), "inputs[0].type"),
    "no kind": (with_input(type={}), "inputs[0].type"),
    "another kind's constraint": (with_input(type={"kind": "str", "ge": 1}), "inputs[0].type"),
    "a constraint on what has none": (with_input(type={"kind": "bool", "ge": 1}), "inputs[0].type"),
    "a wrong constraint": (with_input(type={"kind": "str", "minLength": -1}), "inputs[0].type.minLength"),
    "a fraction for an int": (with_input(type={"kind": "int", "ge": 0.5}), "inputs[0].type.ge"),
    "a contradiction": (with_input(type={"kind": "int", "ge": 2, "le": 1}), "inputs[0].type"),
    "a pattern that is none": (with_input(type={"kind": "str", "pattern": "("}), "inputs[0].type.pattern"),
    "a default that does not fit": (with_input(default=["x", 1]), "inputs[0].default"),
    "a default without text": (with_input(type={"kind": "dict", "values": {"kind": "any"}}, default={"a": 1}),
                               "inputs[0].default"),
    "an empty literal": (with_input(type={"kind": "literal", "values": []}), "inputs[0].type"),
    "a literal twice": (with_input(type={"kind": "literal", "values": [1, 1.0]}), "inputs[0].type"),
    "a list as literal": (with_input(type={"kind": "literal", "values": [[1]]}), "inputs[0].type"),
    "a lone surrogate": (with_input(description="\ud800"), "inputs[0].description"),
    "an object without fields": (with_input(type={"kind": "object", "fields": []}), "inputs[0].type.fields"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_told_with_its_path(name):
    json, path = BAD[name]
    with pytest.raises(SignatureError) as raised:
        signature_from_json(json)
    assert raised.value.word == path
    assert str(raised.value).startswith(f"{path}: ")


def test_depth_is_bounded_as_in_text():
    def nested(depth):
        type_ = {"kind": "str"}
        for _ in range(depth - 1):
            type_ = {"kind": "list", "items": type_}
        return with_input(type=type_, default=[])

    signature = signature_from_json(nested(32))
    assert parse_signature(format_signature(signature)) == signature
    for depth in (33, 500):
        with pytest.raises(SignatureError, match="32 deep"):
            signature_from_json(nested(depth))


def test_a_copy_and_a_pickle_are_the_same_signature():
    signature = parse_signature("a: str, b: list[int] = [1] -> c: int = 3")
    decode_inputs(signature, {"a": "x"})
    for twin in (copy.deepcopy(signature), pickle.loads(pickle.dumps(signature))):  # noqa: S301  # our own bytes
        assert twin == signature
        assert decode_inputs(twin, {"a": "x"}) == {"a": "x", "b": [1]}
        assert format_signature(twin) == format_signature(signature)


def test_every_tree_of_the_fixtures_survives():
    for case in cases("valid"):
        assert signature_to_json(signature_from_json(case["ast"])) == case["ast"]
