"""Values of type Any: what JSON can say, 128 deep, and what of Python is turned into it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from typing import Any, Final

from .leaves import (
    DATE_LEAF,
    DATETIME_LEAF,
    REFUSED,
    TIME_LEAF,
    Leaf,
    base64_text,
    is_well_formed,
    number_of,
    text_of,
)

MAX_JSON_DEPTH: Final = 128
_TEMPORAL: Final = ((datetime, DATETIME_LEAF), (date, DATE_LEAF), (time, TIME_LEAF))


def is_key(key: object) -> bool:
    """`__proto__` is refused because in JavaScript copying such a member changes the copy's prototype."""
    return type(key) is str and key != "__proto__" and (key.isascii() or is_well_formed(key))


def is_json(value: Any, depth: int = MAX_JSON_DEPTH) -> bool:
    """`depth` is how many lists and objects may lie within one another."""
    kind = type(value)
    if kind is str:
        return value.isascii() or is_well_formed(value)
    if value is None or kind is bool or kind is int:
        return True
    if kind is float:
        return math.isfinite(value)
    if depth == 0:
        return False
    if kind is list:
        return all(is_json(item, depth - 1) for item in value)
    if kind is dict:
        return all(is_key(key) and is_json(member, depth - 1) for key, member in value.items())
    return False


def members_of(value: Any) -> Mapping[Any, Any] | None:
    """What an object has, by wire names: a mapping, a pydantic model, a data class or a dspy.Prediction."""
    if isinstance(value, Mapping):
        return value
    fields = getattr(type(value), "model_fields", None)
    if isinstance(fields, dict):
        extra = getattr(value, "model_extra", None) or {}
        return {info.alias or name: getattr(value, name) for name, info in fields.items()} | extra
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "toDict") and callable(getattr(value, "items", None)):
        return dict(value.items())
    return None


def _to_python(value: Any) -> Any:
    return value if is_json(value) else REFUSED


def _to_wire(value: Any) -> Any:
    return value if is_json(value) else to_json(value, MAX_JSON_DEPTH)


def to_json(value: Any, depth: int) -> Any:
    """JSON for what is not quite JSON yet: models, data classes, tuples, dates, bytes, members of enums."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64_text(bytes(value))}
    for kind, leaf in _TEMPORAL:
        if isinstance(value, kind):
            return leaf.to_wire(value)
    simple = number_of(text_of(value))
    if is_json(simple, 0):
        return simple
    if depth == 0:
        return REFUSED
    if isinstance(value, (list, tuple)):
        items: list[Any] = []
        for item in value:
            items.append(to_json(item, depth - 1))
            # At once, or a list that holds itself twice would be walked 2^128 times.
            if items[-1] is REFUSED:
                return REFUSED
        return items
    members = members_of(value)
    if members is None:
        return REFUSED
    json: dict[str, Any] = {}
    for key, member in members.items():
        converted = to_json(member, depth - 1) if is_key(key) else REFUSED
        if converted is REFUSED:
            return REFUSED
        json[key] = converted
    return json


ANY_LEAF: Final = Leaf(_to_python, _to_wire)
