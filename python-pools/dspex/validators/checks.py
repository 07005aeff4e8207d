"""Checks that are told as data, run: the twin of `validate` in TypeScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from dspex.errors import DspexError
from dspex.signature.patterns import searcher

from .arithmetic import check_arithmetic, check_table, check_totals
from .formats import check_format
from .json_text import check_json
from .language import check_language
from .pii import check_pii
from .schema import check_schema
from .schema_scalars import pattern_searcher
from .sources import check_citations, check_quotes
from .tokens import token_count
from .verdict import Verdict, invalid, mean, no_text, problem, quoted, verdict

_PART: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]")


def check_length(
    value: Any,
    unit: str = "characters",
    min: int | None = None,  # noqa: A002 # as in the check's data
    max: int | None = None,  # noqa: A002
) -> Verdict:
    if not isinstance(value, str):
        return no_text(value)
    counts: dict[str, Callable[[str], int]] = {
        "characters": len,
        "words": lambda text: len(text.split()),
        "tokens": lambda text: token_count(text, "o200k_base"),
    }
    length = counts[unit](value)
    if min is not None and length < min:
        return invalid(f"expected at least {min} {unit}, got {length}")
    if max is not None and length > max:
        return invalid(f"expected at most {max} {unit}, got {length}")
    return verdict([])


def check_pattern(value: Any, pattern: str, match: str = "some") -> Verdict:
    search = pattern_searcher(pattern)
    if not isinstance(value, str):
        return no_text(value)
    found: Any = searcher(f"^(?:{pattern})$")(value) if match == "whole" else search(value)
    if match == "whole":
        return verdict([]) if found else invalid(f"expected text that is all {quoted(pattern)}")
    if match == "some":
        return verdict([]) if found else invalid(f"expected text with {quoted(pattern)} in it")
    if not found:
        return verdict([])
    return verdict([problem(f"expected text without {quoted(pattern)} in it", found.start(), found.end())])


_CHECKS: Final[dict[str, Callable[..., Verdict]]] = {
    "json": check_json,
    "schema": check_schema,
    "length": check_length,
    "pattern": check_pattern,
    "language": check_language,
    "format": check_format,
    "pii": check_pii,
    "quotes": check_quotes,
    "citations": check_citations,
    "arithmetic": check_arithmetic,
    "totals": check_totals,
    "table": check_table,
}


def validate(value: Any, check: dict[str, Any]) -> Verdict:
    """@raises DspexError `invalid_inputs` where it is no check."""
    name = check.get("check")
    of = check.get("of")
    if name == "at" and isinstance(of, dict) and isinstance(check.get("path"), str):
        return _at(value, check["path"], of)
    if name in ("all", "any") and isinstance(of, list):
        verdicts = [validate(value, one) for one in of]
        return every(verdicts) if name == "all" else some(verdicts)
    if name not in _CHECKS:
        raise DspexError("invalid_inputs", f"check: no check {name!r}")
    options = {key: option for key, option in check.items() if key != "check"}
    try:
        return _CHECKS[name](value, **options)
    except (TypeError, KeyError) as error:
        raise DspexError("invalid_inputs", f"check: {error}") from error


def every(verdicts: list[Verdict]) -> Verdict:
    scores = [one["score"] for one in verdicts if one["score"] is not None]
    problems = [found for one in verdicts for found in one["problems"]]
    return verdict(problems, mean(scores))


def some(verdicts: list[Verdict]) -> Verdict:
    for one in verdicts:
        if one["valid"]:
            return one
    scores = [one["score"] for one in verdicts if one["score"] is not None]
    return verdict([found for one in verdicts for found in one["problems"]], max(scores, default=None))


def _at(value: Any, path: str, check: dict[str, Any]) -> Verdict:
    part = value
    for name, index in _PART.findall(path):
        if name and isinstance(part, dict) and name in part:
            part = part[name]
        elif index and isinstance(part, list) and int(index) < len(part):
            part = part[int(index)]
        else:
            return invalid("is missing", f"$.{path}")
    found = validate(part, check)
    return {
        **found,
        "problems": [{**one, "path": f"$.{path}{one['path'][1:]}"} for one in found["problems"]],
    }
