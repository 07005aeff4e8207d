"""Names and literals: what text and JSON must not say, or must not say twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from .ast import Json

RESERVED_NAMES: Final = ("fields", "instructions", "signature")
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def literal_key(value: Json) -> tuple[str, Json]:
    """Equal for equal literals: `1` and `1.0` are one, `1` and True two."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number", value
    return type(value).__name__, value


def name_problem(name: object, taken: Iterable[str]) -> str | None:
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        return f"field name {name!r} is not a letter followed by letters, digits and _"
    if name in RESERVED_NAMES:
        return f'reserved field name "{name}"'
    return f'duplicate field name "{name}"' if name in taken else None
