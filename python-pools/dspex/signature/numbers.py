"""Numbers as both languages see them: JSON text to Python and back, in the form ECMAScript prints."""

from __future__ import annotations

import math
import re
from typing import Final

SAFE_INTEGER: Final = 2**53 - 1
_INTEGER: Final = re.compile(r"-?[0-9]+")


def number_from_text(text: str) -> int | float | None:
    """A literal's value, None where it is not finite."""
    if _INTEGER.fullmatch(text):
        return int(text)
    value = float(text)
    return None if math.isinf(value) else normal_number(value)


def normal_number(value: int | float) -> int | float:
    """An integral number as an int, for JavaScript cannot tell `1.0` from `1`."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def es6_number(value: float) -> str:
    """A finite double as ECMAScript's Number::toString writes it (RFC 8785, section 3.2.2.3)."""
    if value == 0:
        return "0"
    text = repr(value)
    sign = ""
    if text[0] == "-":
        sign, text = "-", text[1:]
    mantissa, _, exponent_text = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    if fraction == "0":
        fraction = ""
    if not exponent_text and whole != "0":
        return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
    digits = (whole + fraction).lstrip("0")
    # `point` is where the decimal point stands, counted from the first significant digit.
    leading = len(whole + fraction) - len(digits)
    point = len(whole) - leading + int(exponent_text or 0)
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    exponent = point - 1
    mantissa = digits if count == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{mantissa}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def number_text(value: int | float) -> str:
    return es6_number(value) if isinstance(value, float) else str(value)
