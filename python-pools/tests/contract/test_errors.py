"""The error on the wire and back."""

import pytest

from dspex.codec import to_json
from dspex.error_codes import ERROR_CODES
from dspex.errors import DspexError, as_dspex_error


def test_there_and_back():
    error = DspexError("lm_rate_limited", "slow down", retry_after_ms=5, path="inputs.x", details=[1])
    wire = to_json(error.to_wire())
    assert wire == {
        "code": "lm_rate_limited",
        "message": "slow down",
        "retryable": True,
        "retryAfterMs": 5,
        "path": "inputs.x",
        "details": [1],
    }
    again = DspexError.from_wire(error.to_wire())
    assert to_json(again.to_wire()) == wire
    assert str(again) == "lm_rate_limited: slow down (at inputs.x)"


@pytest.mark.parametrize("code", ERROR_CODES)
def test_retryable_is_the_codes_own_unless_said_otherwise(code):
    assert DspexError(code, "x").retryable == ERROR_CODES[code].retryable
    assert DspexError(code, "x", retryable=True).retryable
    assert to_json(DspexError(code, "x").to_wire()).keys() == {"code", "message", "retryable"}


def test_each_code_has_a_number_of_its_own():
    assert len({facts.status for facts in ERROR_CODES.values()}) == len(ERROR_CODES)


def test_a_foreign_error_becomes_internal_with_its_message_only():
    foreign = ValueError("x" * 3_000)
    error = as_dspex_error(foreign)
    assert (error.code, error.message, error.__cause__) == ("internal", "x" * 2_000, foreign)
    assert as_dspex_error(error) is error
