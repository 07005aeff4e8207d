"""Types that hold no other types: for each how a wire value becomes a Python value and how it goes back.

A conversion returns `REFUSED` instead of raising, for values are refused on the hot path too.
"""

from __future__ import annotations

import binascii
import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Any, Final

from .ast import BytesType, FloatType, IntType, LiteralType, StrType
from .limits import length_limit, number_limit, str_limit
from .literal_text import format_literal
from .temporal import date_from_text, datetime_from_text, datetime_to_text, time_from_text, time_to_text


class Refused:
    """Stands for no value at all."""


REFUSED: Final = Refused()
Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """`to_wire` takes Python values and, where the two cannot be confused, wire values as they are."""

    to_python: Convert
    to_wire: Convert


def str_leaf(type_: StrType) -> Leaf:
    limit = str_limit(type_)

    def to_python(value: Any) -> Any:
        if type(value) is not str or not (value.isascii() or is_well_formed(value)):
            return REFUSED
        return value if limit is None or limit(value) else REFUSED

    def to_wire(value: Any) -> Any:
        return to_python(value if type(value) is str else text_of(value))

    return Leaf(to_python, to_wire)


def is_well_formed(text: str) -> bool:
    """No lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_of(value: Any) -> Any:
    """A str for what is one in all but its type: of a str Enum, of a subclass, DSPy's Reasoning and Code."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return str.__str__(value)
    if type(value).__module__.startswith("dspy.adapters.types."):
        return getattr(value, "content", getattr(value, "code", value))
    return value


def int_leaf(type_: IntType) -> Leaf:
    limit = number_limit(type_)

    def to_python(value: Any) -> Any:
        if type(value) is not int:
            if type(value) is not float or not value.is_integer():
                return REFUSED
            value = int(value)
        return value if limit is None or limit(value) else REFUSED

    def to_wire(value: Any) -> Any:
        return to_python(number_of(value))

    return Leaf(to_python, to_wire)


def number_of(value: Any) -> Any:
    """A plain int or float for members of an int Enum and for numpy's scalars."""
    if type(value) is int or type(value) is float:
        return value
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else value


_NOT_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def float_leaf(type_: FloatType) -> Leaf:
    limit = number_limit(type_)
    allows_not_finite = type_.allow_inf_nan is True

    def checked(value: float) -> Any:
        return value if limit is None or limit(value) else REFUSED

    def to_python(value: Any) -> Any:
        if type(value) is int:
            try:
                return checked(float(value))
            except OverflowError:
                return REFUSED
        if type(value) is float:
            return checked(value) if math.isfinite(value) else REFUSED
        special = _NOT_FINITE.get(value) if allows_not_finite and type(value) is str else None
        return REFUSED if special is None else checked(special)

    def to_wire(value: Any) -> Any:
        number = number_of(value)
        if type(number) is float and not math.isfinite(number):
            number = "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
        converted = to_python(number)
        return number if converted is not REFUSED and type(number) is str else converted

    return Leaf(to_python, to_wire)


def _bool_to_python(value: Any) -> Any:
    return value if value is True or value is False else REFUSED


def _bool_to_wire(value: Any) -> Any:
    # numpy's bool is none of Python's numbers; it is recognised by its name, for numpy need not be installed.
    return bool(value) if type(value).__name__ in ("bool_", "bool") else REFUSED


BOOL_LEAF: Final = Leaf(_bool_to_python, _bool_to_wire)


def bytes_leaf(type_: BytesType) -> Leaf:
    limit = length_limit(type_)

    def to_python(value: Any) -> Any:
        if type(value) is not dict or len(value) != 1:
            return REFUSED
        found = bytes_from_base64(value.get("$bytes"))
        return REFUSED if found is None or (limit is not None and not limit(found)) else found

    def to_wire(value: Any) -> Any:
        if isinstance(value, (bytes, bytearray, memoryview)):
            raw = bytes(value)
            return {"$bytes": base64_text(raw)} if limit is None or limit(raw) else REFUSED
        return REFUSED if to_python(value) is REFUSED else value

    return Leaf(to_python, to_wire)


def base64_text(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def bytes_from_base64(text: object) -> bytes | None:
    """Only the one spelling that `base64_text` writes: padded, no unused bits."""
    if type(text) is not str or not text.isascii():
        return None
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        return None
    return raw if base64_text(raw) == text else None


def _temporal_leaf(from_text: Callable[[str], Any], to_text: Callable[[Any], str | None]) -> Leaf:
    def to_python(value: Any) -> Any:
        found = from_text(value) if type(value) is str else None
        return REFUSED if found is None else found

    def to_wire(value: Any) -> Any:
        if type(value) is str:
            return REFUSED if from_text(value) is None else value
        text = to_text(value)
        return REFUSED if text is None else text

    return Leaf(to_python, to_wire)


def _date_text(value: Any) -> str | None:
    # A datetime is a date to isinstance, but its time would be lost.
    return f"{value.year:04}-{value.month:02}-{value.day:02}" if type(value) is date else None


def _time_text(value: Any) -> str | None:
    return time_to_text(value) if isinstance(value, time) and value.tzinfo is None else None


def _datetime_text(value: Any) -> str | None:
    return datetime_to_text(value) if isinstance(value, datetime) else None


DATE_LEAF: Final = _temporal_leaf(date_from_text, _date_text)
TIME_LEAF: Final = _temporal_leaf(time_from_text, _time_text)
DATETIME_LEAF: Final = _temporal_leaf(datetime_from_text, _datetime_text)


def literal_leaf(type_: LiteralType) -> Leaf:
    # By canonical text: 1 and 1.0 are one value there, 1 and True are two.
    known: Mapping[str, Any] = {format_literal(value): value for value in type_.values}
    strings = frozenset(value for value in type_.values if type(value) is str)

    def to_python(value: Any) -> Any:
        if type(value) is str:
            return value if value in strings else REFUSED
        if value is not None and type(value) not in (bool, int, float):
            return REFUSED
        if type(value) is float and not math.isfinite(value):
            return REFUSED
        return known.get(format_literal(value), REFUSED)

    def to_wire(value: Any) -> Any:
        return to_python(number_of(text_of(value)))

    return Leaf(to_python, to_wire)
