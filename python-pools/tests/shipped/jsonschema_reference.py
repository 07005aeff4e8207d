"""JSON Schema by jsonschema, an implementation of others that ours is held against: both find the same paths.
Patterns are RE2's, paths and formats ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import jsonschema
from jsonschema import validators

from dspex.signature.patterns import searcher
from dspex.validators.formats import FORMATS
from dspex.validators.verdict import member_path

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


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and not searcher(pattern)(instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, patterns: dict[str, Any], instance: Any, _: Any
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        for key, member in instance.items():
            if searcher(pattern)(key):
                yield from validator.descend(member, subschema, path=key, schema_path=pattern)


def _additional(
    validator: Any, rest: Any, instance: Any, schema: dict[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(instance, dict):
        return
    patterns = [searcher(pattern) for pattern in schema.get("patternProperties", {})]
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


def schema_paths(value: Any, schema: Any) -> list[str]:
    """Where it does not fit."""
    return sorted({_path(error.absolute_path) for error in _Validator(schema).iter_errors(value)})


def _path(keys: Any) -> str:
    path = "$"
    for key in keys:
        path = f"{path}[{key}]" if isinstance(key, int) else member_path(path, key)
    return path
