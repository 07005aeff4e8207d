"""The syntax tree as JSON, camelCase: what travels in events."""

from __future__ import annotations

from .ast import DictType, Field, Json, ListType, LiteralType, ObjectType, OptionalType, Signature, Type
from .constraints import CAMEL_CASE, FITTING


def signature_to_json(signature: Signature) -> dict[str, Json]:
    json: dict[str, Json] = {} if signature.instructions is None else {"instructions": signature.instructions}
    json["inputs"] = [_field(field) for field in signature.inputs]
    json["outputs"] = [_field(field) for field in signature.outputs]
    return json


def _field(field: Field) -> dict[str, Json]:
    json: dict[str, Json] = {"name": field.name, "type": type_to_json(field.type)}
    if field.description is not None:
        json["description"] = field.description
    if field.has_default:
        json["default"] = field.default
    return json


def type_to_json(type_: Type) -> dict[str, Json]:
    json: dict[str, Json] = {"kind": type_.kind}
    match type_:
        case ListType(items=items):
            json["items"] = type_to_json(items)
        case DictType(values=values):
            json["values"] = type_to_json(values)
        case ObjectType(fields=fields):
            json["fields"] = [_field(field) for field in fields]
        case LiteralType(values=literals):
            json["values"] = list(literals)
        case OptionalType(of=of):
            json["of"] = type_to_json(of)
        case _:
            pass
    for key in FITTING.get(type_.kind, ()):
        value = getattr(type_, key)
        if value is not None:
            json[CAMEL_CASE[key]] = value
    return json
