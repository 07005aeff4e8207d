"""`(min_length=1, ge=0, pattern="…")`: which constraint fits which type, and what its value may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from .literals import parse_literal
from .numbers import SAFE_INTEGER
from .patterns import pattern_problem
from .scanner import Scanner
from .shorten import shorten
from .suggest import did_you_mean

_LENGTHS: Final = ("min_length", "max_length")
_BOUNDS: Final = ("ge", "gt", "le", "lt", "multiple_of")
# In canonical order.
FITTING: Final[Mapping[str, tuple[str, ...]]] = {
    "str": (*_LENGTHS, "pattern"),
    "bytes": _LENGTHS,
    "list": _LENGTHS,
    "dict": _LENGTHS,
    "int": _BOUNDS,
    "float": (*_BOUNDS, "allow_inf_nan"),
}
CAMEL_CASE: Final[Mapping[str, str]] = {
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "ge": "ge",
    "gt": "gt",
    "le": "le",
    "lt": "lt",
    "multiple_of": "multipleOf",
    "allow_inf_nan": "allowInfNan",
}
_KNOWN: Final = tuple(CAMEL_CASE)
# Pairs that leave no value; the strict ones also when they are equal.
_CONTRADICTIONS: Final = (
    ("min_length", "max_length", False),
    ("ge", "le", False),
    ("gt", "le", True),
    ("ge", "lt", True),
    ("gt", "lt", True),
)


def parse_constraints(scanner: Scanner, kind: str) -> dict[str, Any]:
    """Reads the parenthesis behind a type, if any; leaves out `allow_inf_nan=False`, which says nothing."""
    constraints: dict[str, Any] = {}
    if not scanner.take("("):
        return constraints
    seen: set[str] = set()
    _parse_constraint(scanner, kind, constraints, seen)
    while scanner.take(","):
        _parse_constraint(scanner, kind, constraints, seen)
    if not scanner.take(")"):
        raise scanner.expecting('"," or ")"')
    return constraints


def _parse_constraint(scanner: Scanner, kind: str, into: dict[str, Any], seen: set[str]) -> None:
    word = scanner.take_word()
    at = scanner.at - len(word)
    if not word:
        raise scanner.expecting("a constraint")
    fitting = FITTING.get(kind, ())
    if word not in _KNOWN:
        raise scanner.error(
            f'unknown constraint "{shorten(word)}"', at, word, did_you_mean(word, fitting or _KNOWN)
        )
    if word not in fitting:
        takes = ", ".join(fitting) or "no constraints"
        raise scanner.error(f'constraint "{word}" does not fit {kind}, which takes {takes},', at, word)
    if word in seen:
        raise scanner.error(f'duplicate constraint "{word}"', at, word)
    seen.add(word)
    scanner.expect("=")
    literal = parse_literal(scanner)
    problem = constraint_problem(kind, word, literal.value)
    if problem is not None:
        raise scanner.error(f"{word} {problem}, got {shorten(literal.word)}", literal.at, literal.word)
    if literal.value is not False:
        into[word] = literal.value
    clash = contradiction(into)
    if clash is not None:
        raise scanner.error(f'{clash}, see "{word}"', at, word)


def constraint_problem(kind: str, key: str, value: Any) -> str | None:
    """What the constraint wants instead of this value, None where it fits."""
    if key in _LENGTHS:
        return None if type(value) is int and 0 <= value <= SAFE_INTEGER else "takes a whole number from 0 on"
    if key == "pattern":
        if type(value) is not str:
            return "takes a string"
        refusal = pattern_problem(value)
        return None if refusal is None else f"refused: {refusal}"
    if key == "allow_inf_nan":
        return None if type(value) is bool else "takes True or False"
    if type(value) is not int and (type(value) is not float or not math.isfinite(value)):
        return "takes a number"
    if kind == "int" and type(value) is not int:
        return "of an int takes an int"
    return "takes a number above 0" if key == "multiple_of" and value <= 0 else None


def contradiction(constraints: Mapping[str, Any]) -> str | None:
    """Which two constraints leave no value, None where some value fits."""
    for low, high, strict in _CONTRADICTIONS:
        lower, upper = constraints.get(low), constraints.get(high)
        if lower is not None and upper is not None and (lower > upper or (strict and lower >= upper)):
            return f"no value fits {low}={lower} with {high}={upper}"
    return None
