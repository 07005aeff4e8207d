"""Literals in canonical text."""

from __future__ import annotations

import re
from typing import Final

from .ast import Json
from .numbers import es6_number

_ESCAPED: Final = re.compile('["\\\\\x00-\x1f]')
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def format_literal(value: Json) -> str:
    if isinstance(value, str):
        return format_string(value)
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, (int, float)):
        return format_number(value)
    if isinstance(value, list):
        return f"[{', '.join(format_literal(item) for item in value)}]"
    return "{}"


def format_number(value: int | float) -> str:
    """Integers as digits, others as RFC 8785 writes them, which is ECMAScript's way."""
    return str(int(value)) if isinstance(value, int) or value.is_integer() else es6_number(value)


def format_string(value: str) -> str:
    return f'"{_ESCAPED.sub(_escape, value)}"'


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return _SHORT.get(character) or f"\\u{ord(character):04x}"
