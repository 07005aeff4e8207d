"""The keywords of JSON Schema that tell about a value itself: its type, what it equals, numbers and texts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from dspex.errors import DspexError
from dspex.signature.patterns import pattern_problem, searcher
from dspex.wire_json import canonical_json

from .formats import FORMATS
from .schema_parts import Check, Run, Schema, canonical_of, misfit, report, size_of, spend
from .verdict import kind_of, quoted

MAX_NAMED: Final = 10
FORMAT_NAMES: Final = {
    "email": "email",
    "uri": "url",
    "hostname": "hostname",
    "date": "date",
    "date-time": "datetime",
    "ipv4": "ipv4",
    "ipv6": "ipv6",
    "uuid": "uuid",
}


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(value: Any) -> bool:
    return is_number(value) and (isinstance(value, int) or value.is_integer())


_TYPES: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "null": ("null", lambda value: value is None),
    "boolean": ("boolean", lambda value: isinstance(value, bool)),
    "string": ("text", lambda value: isinstance(value, str)),
    "number": ("number", is_number),
    "integer": ("integer", _is_integer),
    "array": ("list", lambda value: isinstance(value, list)),
    "object": ("object", lambda value: isinstance(value, dict)),
}


def any_checks(schema: Schema, where: str) -> list[Check]:
    checks: list[Check] = []
    if "type" in schema:
        checks.append(_of_type(schema["type"], where))
    if "enum" in schema:
        if not isinstance(schema["enum"], list):
            raise misfit("enum is a list of values", where)
        checks.append(_one_of_values(schema["enum"]))
    if "const" in schema:
        checks.append(_one_of_values([schema["const"]]))
    return checks


def _of_type(given: Any, where: str) -> Check:
    names = given if isinstance(given, list) else [given]
    if any(not isinstance(name, str) or name not in _TYPES for name in names):
        raise misfit(f"type is {', '.join(_TYPES)}", where)
    types = [_TYPES[name] for name in names]
    expected = " or ".join(name for name, _ in types)

    def of_type(value: Any, path: str, run: Run) -> bool:
        fits = any(fits(value) for _, fits in types)
        return fits or report(run, path, f"expected {expected}, got {kind_of(value)}")

    return of_type


def _one_of_values(values: list[Any]) -> Check:
    texts = [canonical_json(value) for value in values]
    known = frozenset(texts)
    shown = ", ".join(texts[:MAX_NAMED]) + (", …" if len(texts) > MAX_NAMED else "")
    has_containers = any(isinstance(value, list | dict) for value in values)

    def one_of_values(value: Any, path: str, run: Run) -> bool:
        may_fit = has_containers or not isinstance(value, list | dict)
        return (may_fit and canonical_of(value, run) in known) or report(run, path, f"expected {shown}")

    return one_of_values


def number_checks(schema: Schema, where: str) -> list[Check]:
    keywords: list[tuple[str, Callable[[Any, Any], bool], str]] = [
        ("minimum", lambda value, bound: value >= bound, "from"),
        ("maximum", lambda value, bound: value <= bound, "up to"),
        ("exclusiveMinimum", lambda value, bound: value > bound, "above"),
        ("exclusiveMaximum", lambda value, bound: value < bound, "below"),
        ("multipleOf", _is_multiple, "that is a multiple of"),
    ]
    checks: list[Check] = []
    for keyword, fits, words in keywords:
        if keyword not in schema:
            continue
        if not is_number(schema[keyword]):
            raise misfit(f"{keyword} is a number", where)
        checks.append(_bounded(fits, schema[keyword], words))
    return checks


def _bounded(fits: Callable[[Any, Any], bool], bound: Any, words: str) -> Check:
    def bounded(value: Any, path: str, run: Run) -> bool:
        if not is_number(value) or fits(value, bound):
            return True
        told = f"expected a number {words} {canonical_json(bound)}, got {canonical_json(value)}"
        return report(run, path, told)

    return bounded


def _is_multiple(value: Any, step: Any) -> bool:
    """As near as floats can tell."""
    if step <= 0:
        return False
    if _is_integer(value) and _is_integer(step):
        return int(value) % int(step) == 0
    quotient = float(value) / float(step)
    if not math.isfinite(quotient):
        return False
    return abs(quotient - math.floor(quotient + 0.5)) <= 1e-9 * max(1, abs(quotient))


def text_checks(schema: Schema, where: str) -> list[Check]:
    checks: list[Check] = []
    least, most = size_of(schema, "minLength", where), size_of(schema, "maxLength", where)
    if least is not None:
        checks.append(_of_text(lambda text: len(text) >= least, f"expected at least {least} characters"))
    if most is not None:
        checks.append(_of_text(lambda text: len(text) <= most, f"expected at most {most} characters"))
    if "pattern" in schema:
        checks.append(_pattern(schema["pattern"], where))
    name = schema.get("format")
    known = FORMAT_NAMES.get(name) if isinstance(name, str) else None
    if known is not None:
        has_format = FORMATS[known][1]
        checks.append(
            _of_text(lambda text: has_format(text) not in (None, False), f"expected the format {name}")
        )
    return checks


def _of_text(fits: Callable[[str], bool], message: str) -> Check:
    def of_text(value: Any, path: str, run: Run) -> bool:
        return not isinstance(value, str) or fits(value) or report(run, path, message)

    return of_text


def _pattern(pattern: Any, where: str) -> Check:
    if not isinstance(pattern, str):
        raise misfit("pattern is a text", where)
    search = pattern_searcher(pattern)
    message = f"expected text with {quoted(pattern)} in it"

    def has_pattern(value: Any, path: str, run: Run) -> bool:
        if not isinstance(value, str):
            return True
        spend(run, value)
        return bool(search(value)) or report(run, path, message)

    return has_pattern


def pattern_searcher(pattern: str) -> Callable[[str], object]:
    problem = pattern_problem(pattern)
    if problem is not None:
        raise DspexError("invalid_inputs", f"{problem}: {quoted(pattern)}", path="pattern")
    return searcher(pattern)
