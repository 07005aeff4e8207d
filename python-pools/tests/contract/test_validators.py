"""Validators of a program over outputs, by the table that TypeScript has, too."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from dspex.errors import DspexError
from dspex.messages import Validator
from dspex.validators import check_outputs

FILE = Path(__file__).parents[3] / "schemas/fixtures/output-validators.json"
CASES = json.loads(FILE.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_validators_say_the_same(case):
    validators = msgspec.convert(case["validators"], list[Validator])
    if "validation" in case:
        assert check_outputs(validators, case["inputs"], case["outputs"]) == case["validation"]
        return
    with pytest.raises(DspexError) as raised:
        check_outputs(validators, case["inputs"], case["outputs"])
    error = raised.value
    told = {"code": error.code, "message": error.message, "path": error.path, "details": error.details}
    assert told == case["error"]
    assert error.retryable
