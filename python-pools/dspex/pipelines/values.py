"""What an author may write where a value is wanted, and how it is stored: `$from`, `$expr`, `$first`."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from dspex.errors import DspexError
from dspex.pipelines.reference import (
    Expression,
    Located,
    Operand,
    Outputs,
    Ref,
    Scope,
    check_visible,
    operand,
)

_MARKS = frozenset(("$from", "$expr", "$first", "$value"))


class First:
    """Made by `first`."""

    __slots__ = ("values",)

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = tuple(values)


def first(*values: Any) -> First:
    """The first that is not null: what a stage gave, or where it was skipped what stands in for that."""
    if not values:
        raise DspexError("invalid_inputs", "first of nothing")
    return First(values)


def fields_of(given: Mapping[str, Any] | Outputs, what: str) -> dict[str, Any]:
    """What a body returned: a mapping, or a stage all of whose outputs it gives."""
    if isinstance(given, Outputs):
        if given._fields is None:
            text = f'{what}: of "{given._located.path}" no outputs are known: name those that are given'
            raise DspexError("invalid_inputs", text, path=what)
        return {field: given[field] for field in given._fields}
    if not isinstance(given, Mapping):
        raise DspexError(
            "invalid_inputs", f"{what}: expected a mapping or a stage, got {given!r:.80}", path=what
        )
    return dict(given)


def stored_fields(fields: Mapping[str, Any], scope: Scope, what: str) -> dict[str, Any]:
    return {name: stored_value(value, scope, f"{what}.{name}") for name, value in fields.items()}


def stored_value(value: Any, scope: Scope, what: str) -> Any:
    """Raises `invalid_inputs` quoting what cannot be stored."""
    match value:
        case Ref():
            check_visible(value._located, scope)
            return {"$from": value._located.path}
        case Expression():
            _check_all(value._written().uses, scope)
            return {"$expr": value._written().text}
        case First():
            return {
                "$first": [stored_value(one, scope, f"{what}[{n}]") for n, one in enumerate(value.values)]
            }
        case Outputs():
            text = f'{what}: "{value._located.path}" is a stage: name the output of it'
            raise DspexError("invalid_inputs", text, path=what)
        case Mapping():
            if any(key in _MARKS for key in value):
                # An object that only looks like a reference is one to be taken as it stands.
                return {"$value": dict(value)}
            return stored_fields(value, scope, what)
        case list() | tuple():
            return [stored_value(item, scope, f"{what}[{n}]") for n, item in enumerate(value)]
        case bytes() | bytearray():
            return {"$bytes": base64.b64encode(value).decode()}
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case None | str() | bool() | int() | float():
            return value
        case _:
            text = f"{what}: {type(value).__name__} is no value that can be stored"
            raise DspexError("invalid_inputs", text, path=what)


def stored_condition(condition: Operand, scope: Scope) -> str:
    """A reference to a boolean is an expression, too."""
    written = operand(condition)
    _check_all(written.uses, scope)
    return written.text


def _check_all(uses: Sequence[Located], scope: Scope) -> None:
    for one in uses:
        check_visible(one, scope)
