"""JSON to syntax tree, as strict as text is: whatever comes back has a canonical text that says the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from .ast import (
    ABSENT,
    MAX_TYPE_DEPTH,
    PLAIN_KINDS,
    BytesType,
    DictType,
    Field,
    FloatType,
    IntType,
    Json,
    ListType,
    LiteralType,
    ObjectType,
    OptionalType,
    PlainType,
    Signature,
    StrType,
    Type,
)
from .checks import literal_key, name_problem
from .codec import default_fits
from .constraints import CAMEL_CASE, FITTING, constraint_problem, contradiction
from .describe import describe_type
from .errors import SignatureError
from .leaves import is_well_formed
from .numbers import normal_number
from .shorten import shorten

_SCALARS: Final[Mapping[str, Any]] = {"str": StrType, "int": IntType, "float": FloatType, "bytes": BytesType}


def signature_from_json(json: Json) -> Signature:
    """Raises `SignatureError`, whose word is the path of what is wrong."""
    members = _members(json, "signature", ("inputs", "outputs"), ("instructions",))
    names: set[str] = set()
    return Signature(
        _fields(members["inputs"], "inputs", names, 1),
        _fields(members["outputs"], "outputs", names, 1),
        _text(members, "instructions", "instructions"),
    )


def _fields(json: Json, path: str, names: set[str], depth: int) -> tuple[Field, ...]:
    if not isinstance(json, list) or not json:
        raise _error(path, "needs a list of at least one field")
    return tuple(_field(item, f"{path}[{index}]", names, depth) for index, item in enumerate(json))


def _field(json: Json, path: str, names: set[str], depth: int) -> Field:
    members = _members(json, path, ("name", "type"), ("description", "default"))
    name = members["name"]
    problem = name_problem(name, names)
    if problem is not None:
        raise _error(f"{path}.name", problem)
    names.add(name)
    type_ = type_from_json(members["type"], f"{path}.type", depth)
    description = _text(members, "description", f"{path}.description")
    default = ABSENT
    if "default" in members:
        default = default_from_json(members["default"], type_, f"{path}.default")
    return Field(name, type_, description, default)


def default_from_json(json: Json, type_: Type, path: str = "default") -> Json:
    """A default that its type takes and that text can write."""
    value = _written(json, path, 1)
    if not default_fits(type_, value):
        raise _error(path, f"does not fit {describe_type(type_)}")
    return value


def _written(value: Json, path: str, depth: int) -> Json:
    if isinstance(value, list) and depth <= MAX_TYPE_DEPTH:
        return [_written(item, path, depth + 1) for item in value]
    if isinstance(value, dict) and not value:
        return {}
    return _scalar_value(value, path)


def _scalar_value(value: Json, path: str) -> Json:
    if value is None or type(value) in (bool, int) or (type(value) is str and is_well_formed(value)):
        return value
    if type(value) is float and math.isfinite(value):
        return normal_number(value)
    raise _error(path, f"{shorten(repr(value))} has no text in a signature")


def type_from_json(json: Json, path: str = "type", depth: int = 1) -> Type:
    if depth > MAX_TYPE_DEPTH:
        raise _error(path, f"types nested more than {MAX_TYPE_DEPTH} deep")
    kind = json.get("kind") if isinstance(json, dict) else None
    if not isinstance(kind, str):
        raise _error(path, 'needs an object with "kind"')
    if kind in PLAIN_KINDS:
        _members(json, path, ("kind",), ())
        return PlainType(cast("Any", kind))
    build = _BUILDERS.get(kind)
    if build is None:
        raise _error(path, f'unknown kind "{shorten(kind)}"')
    return build(json, path, depth)


def _scalar(json: Json, path: str, _depth: int) -> Type:
    kind = json["kind"]
    members = _members(json, path, ("kind",), _constraint_keys(kind))
    return cast("Type", _SCALARS[kind](**constraints_from_json(kind, members, path)))


def _list(json: Json, path: str, depth: int) -> Type:
    members = _members(json, path, ("kind", "items"), _constraint_keys("list"))
    items = type_from_json(members["items"], f"{path}.items", depth + 1)
    return ListType(items, **constraints_from_json("list", members, path))


def _dict(json: Json, path: str, depth: int) -> Type:
    members = _members(json, path, ("kind", "values"), _constraint_keys("dict"))
    values = type_from_json(members["values"], f"{path}.values", depth + 1)
    return DictType(values, **constraints_from_json("dict", members, path))


def _object(json: Json, path: str, depth: int) -> Type:
    members = _members(json, path, ("kind", "fields"), ())
    return ObjectType(_fields(members["fields"], f"{path}.fields", set(), depth + 1))


def _literal(json: Json, path: str, _depth: int) -> Type:
    values = _members(json, path, ("kind", "values"), ())["values"]
    if not isinstance(values, list) or not values:
        raise _error(path, "needs a list of at least one value")
    return LiteralType(literals_from_json(values, path))


def literals_from_json(values: list[Json], path: str) -> tuple[Json, ...]:
    kept: dict[tuple[str, Json], Json] = {}
    for value in values:
        written = _scalar_value(value, path)
        key = literal_key(written)
        if key in kept:
            raise _error(path, f"duplicate literal {shorten(repr(value))}")
        kept[key] = written
    return tuple(kept.values())


def _optional(json: Json, path: str, depth: int) -> Type:
    # Written `T | None`, which nests no deeper than T.
    of = type_from_json(_members(json, path, ("kind", "of"), ())["of"], f"{path}.of", depth)
    return of if isinstance(of, OptionalType) else OptionalType(of)


_BUILDERS: Final[Mapping[str, Callable[[Json, str, int], Type]]] = {
    **dict.fromkeys(_SCALARS, _scalar),
    "list": _list,
    "dict": _dict,
    "object": _object,
    "literal": _literal,
    "optional": _optional,
}


def _constraint_keys(kind: str) -> tuple[str, ...]:
    return tuple(CAMEL_CASE[key] for key in FITTING[kind])


def constraints_from_json(kind: str, members: Mapping[str, Json], path: str) -> dict[str, Any]:
    """The constraints among the members, by their Python names."""
    constraints: dict[str, Any] = {}
    for key in FITTING[kind]:
        camel = CAMEL_CASE[key]
        if camel not in members:
            continue
        value = members[camel]
        if type(value) is float:
            value = normal_number(value)
        problem = constraint_problem(kind, key, value)
        if problem is not None:
            raise _error(f"{path}.{camel}", problem)
        if value is False:
            raise _error(f"{path}.{camel}", "is true or absent")
        constraints[key] = value
    clash = contradiction(constraints)
    if clash is not None:
        raise _error(path, clash)
    return constraints


def _members(json: Json, path: str, needed: tuple[str, ...], free: tuple[str, ...]) -> dict[str, Json]:
    if not isinstance(json, dict):
        raise _error(path, "needs an object")
    for key in needed:
        if key not in json:
            raise _error(path, f'needs "{key}"')
    for key in json:
        if key not in needed and key not in free:
            raise _error(path, f'unknown key "{shorten(str(key))}"')
    return json


def _text(members: Mapping[str, Json], key: str, path: str) -> str | None:
    """A member that is absent or a string, never null."""
    if key not in members:
        return None
    value = members[key]
    if type(value) is not str or not is_well_formed(value):
        raise _error(path, "needs a string without lone surrogates")
    return value


def _error(path: str, message: str) -> SignatureError:
    return SignatureError(f"{path}: {message}", 0, path)
