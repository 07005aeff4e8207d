"""JSON Schema by jsonschema, its patterns by RE2. Messages are the library's; paths and formats are ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import dspex
import jsonschema  # type: ignore[import-untyped]
from dspex.signature.patterns import pattern_problem, searcher
from jsonschema import validators

from .formats import FORMATS
from .verdict import MAX_PROBLEMS, Verdict, member_path, verdict

_FORMAT_NAMES: Final = {
    "email": "email",
    "uri": "url",
    "hostname": "hostname",
    "date": "date",
    "date-time": "datetime",
    "ipv4": "ipv4",
    "ipv6": "ipv6",
    "uuid": "uuid",
}


def _searcher(pattern: str) -> Any:
    problem = pattern_problem(pattern)
    if problem is not None:
        raise dspex.DspexError("invalid_inputs", problem)
    return searcher(pattern)


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and not _searcher(pattern)(instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, patterns: dict[str, Any], instance: Any, _: Any
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        for key, member in instance.items():
            if _searcher(pattern)(key):
                yield from validator.descend(member, subschema, path=key, schema_path=pattern)


def _additional(
    validator: Any, rest: Any, instance: Any, schema: dict[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(instance, dict):
        return
    patterns = [_searcher(pattern) for pattern in schema.get("patternProperties", {})]
    for key, member in instance.items():
        if key in schema.get("properties", {}) or any(search(key) for search in patterns):
            continue
        if rest is False:
            yield jsonschema.ValidationError(f"{key!r} is not allowed")
        else:
            yield from validator.descend(member, rest, path=key)


def _format(_: Any, name: Any, instance: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    known = _FORMAT_NAMES.get(name) if isinstance(name, str) else None
    if known is not None and isinstance(instance, str) and FORMATS[known][1](instance) in (None, False):
        yield jsonschema.ValidationError(f"{instance!r} is no {name}")


_Validator: Final = validators.extend(
    jsonschema.Draft202012Validator,
    {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional,
        "format": _format,
    },
)


def check_schema(value: Any, schema: Any) -> Verdict:
    problems = []
    for error in _Validator(schema).iter_errors(value):
        problems.append({"path": _path(error.absolute_path), "message": error.message, "span": None})
        if len(problems) == MAX_PROBLEMS:
            break
    return verdict(problems)


def _path(keys: Any) -> str:
    path = "$"
    for key in keys:
        path = f"{path}[{key}]" if isinstance(key, int) else member_path(path, key)
    return path
