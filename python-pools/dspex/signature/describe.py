"""Both halves of a validation message, what was expected and what came, in the words of TypeScript's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from .ast import BytesType, DictType, FloatType, IntType, ListType, LiteralType, OptionalType, StrType, Type
from .literal_text import format_literal, format_number
from .numbers import es6_number
from .shorten import json_text, shorten

_MAX_EXPECTED_LENGTH: Final = 200
_BOUNDS: Final = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"), ("multiple_of", "multiple of"))


class Nothing:
    """What a missing field has."""


NOTHING: Final = Nothing()


def describe_type(type_: Type) -> str:
    """`list of str, at most 3`"""
    inner = type_.of if isinstance(type_, OptionalType) else type_
    suffix = " or None" if isinstance(type_, OptionalType) else ""
    return shorten(f"{_base(inner)}{constraints_text(inner)}{suffix}", _MAX_EXPECTED_LENGTH)


def _base(type_: Type) -> str:
    match type_:
        case ListType(items=items):
            return f"list of {_base(items)}"
        case DictType(values=values):
            return f"dict of {_base(values)}"
        case LiteralType(values=literals):
            return f"one of {', '.join(format_literal(value) for value in literals)}"
        case OptionalType(of=of):
            return f"{_base(of)} or None"
        case _:
            return "any JSON value" if type_.kind == "any" else type_.kind


def constraints_text(type_: Type) -> str:
    """`, at least 1, matching "^a"`, empty where there are none."""
    parts: list[str] = []
    if isinstance(type_, (StrType, BytesType, ListType, DictType)):
        if type_.min_length is not None:
            parts.append(f", at least {type_.min_length}")
        if type_.max_length is not None:
            parts.append(f", at most {type_.max_length}")
        if isinstance(type_, StrType) and type_.pattern is not None:
            parts.append(f", matching {json_text(type_.pattern)}")
    elif isinstance(type_, (IntType, FloatType)):
        for key, sign in _BOUNDS:
            value = getattr(type_, key)
            if value is not None:
                parts.append(f", {sign} {format_number(value)}")
    return "".join(parts)


def describe_value(value: Any) -> str:
    """`int 7`, `str "abc"`, `list of 3`; of anything, also of what is no JSON."""
    if value is NOTHING:
        return "nothing"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool true" if value else "bool false"
    if isinstance(value, str):
        return f"str {json_text(shorten(value))}"
    if isinstance(value, int):
        return f"int {shorten(_digits(value))}"
    if isinstance(value, float):
        return _describe_float(value)
    if isinstance(value, (list, tuple)):
        return f"list of {len(value)}"
    if isinstance(value, Mapping):
        return f"object of {len(value)}"
    if isinstance(value, datetime) and value.tzinfo is None:
        return "datetime without offset"
    return shorten(type(value).__name__)


def _describe_float(value: float) -> str:
    if math.isnan(value):
        return "float NaN"
    if math.isinf(value):
        return "float Infinity" if value > 0 else "float -Infinity"
    return f"int {shorten(str(int(value)))}" if value.is_integer() else f"float {es6_number(value)}"


def _digits(value: int) -> str:
    """Only as many digits as are shown: writing all of a huge int takes time quadratic in them."""
    bits = value.bit_length()
    if bits < 1_000:
        return str(value)
    # Between 1 and 10^k times too long is fine: what is cut off is not shown, and 80 digits remain.
    scale = 10 ** max(0, int(bits * 0.30103) - 100)
    head = abs(value) // scale
    return f"{'-' if value < 0 else ''}{head}"
