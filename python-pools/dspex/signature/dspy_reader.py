"""DSPy's signature classes to our syntax tree; what the grammar cannot say is refused by field and type."""

from __future__ import annotations

import datetime
import inspect
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import dspy
from annotated_types import GroupedMetadata
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

from .ast import Json, ObjectType, Signature, Type
from .ast_from_json import default_from_json, signature_from_json, type_from_json
from .codec import DECODE, ENCODE, compile_codec
from .constraints import CAMEL_CASE
from .dspy_markers import Base64Bytes, OptionalHistory, Unwritten, WireName
from .errors import SignatureError
from .problems import Problems

_KINDS: Final[Mapping[Any, str]] = {
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    bytes: "bytes",
    Base64Bytes: "bytes",
    datetime.date: "date",
    datetime.datetime: "datetime",
    AwareDatetime: "datetime",
    datetime.time: "time",
    Any: "any",
    dspy.Image: "image",
    dspy.History: "history",
    dspy.Reasoning: "str",
}
# The models around a type, outermost first.
Models = tuple[type[BaseModel], ...]


def from_dspy_signature(signature: type[dspy.Signature]) -> Signature:
    """Raises `SignatureError`. Validators of a user's models are left to where the models are used."""
    json: dict[str, Json] = {
        "inputs": [_field(name, info, name, ()) for name, info in signature.input_fields.items()],
        "outputs": [_field(name, info, name, ()) for name, info in signature.output_fields.items()],
    }
    if signature.instructions != _default_instructions(signature):
        json["instructions"] = signature.instructions
    return signature_from_json(json)


def _default_instructions(signature: type[dspy.Signature]) -> str:
    """What DSPy writes where nobody has said anything."""
    bare = {name: (info.annotation, info) for name, info in signature.fields.items()}
    return str(dspy.Signature(bare).instructions)


def _field(name: str, info: FieldInfo, path: str, within: Models) -> dict[str, Json]:
    metadata = list(_expanded(info.metadata))
    wire_name = next((item.name for item in metadata if isinstance(item, WireName)), info.alias or name)
    type_json = _type(info.annotation, metadata, path, within)
    if OptionalHistory() in metadata:
        type_json = {"kind": "optional", "of": type_json}
    # Checked here, where an error can name the field.
    type_ = type_from_json(type_json, path)
    json: dict[str, Json] = {"name": wire_name, "type": type_json}
    description = _description(name, info)
    if description is not None:
        json["description"] = description
    if not info.is_required() and Unwritten() not in metadata:
        json["default"] = _default(info, type_, path)
    return json


def _description(name: str, info: FieldInfo) -> str | None:
    extra = info.json_schema_extra
    said = extra.get("desc") if isinstance(extra, dict) else None
    return info.description if said is None or said == f"${{{name}}}" else str(said)


def _default(info: FieldInfo, type_: Type, path: str) -> Json:
    if info.default_factory not in (None, list, dict):
        raise SignatureError(f"{path}: a default made by a function has no text in a signature", 0, path)
    problems: Problems = []
    wire = compile_codec(type_, ENCODE)(info.get_default(call_default_factory=True), problems)
    if problems:
        message = f"{path}: default does not fit {problems[0].expected}, got {problems[0].got}"
        raise SignatureError(message, 0, path)
    return default_from_json(_shortest(wire, type_), type_, path)


def _shortest(wire: Json, type_: Type) -> Json:
    """`{}` for an object that has nothing but its own defaults, for text can write no other."""
    if not isinstance(type_, ObjectType) or not wire:
        return wire
    decode = compile_codec(type_, DECODE)
    problems: Problems = []
    same = decode({}, problems) == decode(wire, problems)
    return {} if same and not problems else wire


def _expanded(metadata: Iterable[Any]) -> Iterator[Any]:
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from _expanded(item.metadata)
        elif isinstance(item, GroupedMetadata):
            yield from _expanded(item)
        else:
            yield item


def _constraints(metadata: Iterable[Any]) -> dict[str, Json]:
    constraints: dict[str, Json] = {}
    for item in metadata:
        for key, camel in CAMEL_CASE.items():
            value = getattr(item, key, None)
            if isinstance(value, re.Pattern):
                value = value.pattern
            if value is not None and value is not False:
                constraints[camel] = value
    return constraints


def _type(annotation: Any, metadata: list[Any], path: str, within: Models) -> Json:
    """`within` are the models around it, for a model inside of itself has no end."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], [*_expanded(arguments[1:]), *metadata], path, within)
    if origin in (Union, types.UnionType):
        return _optional(annotation, metadata, path, within)
    # dspy.Code["python"] is a class made for the occasion.
    is_code = inspect.isclass(annotation) and issubclass(annotation, dspy.Code)
    json = {"kind": "str"} if is_code else _bare(annotation, origin, arguments, path, within)
    return {**json, **_constraints(metadata)}


def _bare(annotation: Any, origin: Any, arguments: Any, path: str, within: Models) -> dict[str, Json]:
    if origin is Literal:
        values = [value.value if isinstance(value, Enum) else value for value in arguments]
        return {"kind": "literal", "values": values}
    if annotation is list or origin is list:
        return {"kind": "list", "items": _type(arguments[0] if arguments else Any, [], path, within)}
    if annotation is dict or origin is dict:
        if arguments and arguments[0] is not str:
            raise _unsupported(path, annotation)
        return {"kind": "dict", "values": _type(arguments[1] if arguments else Any, [], path, within)}
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return {"kind": "literal", "values": [member.value for member in annotation]}
    try:
        kind = _KINDS.get(annotation)
    except TypeError:  # no hash
        kind = None
    if kind is not None:
        return {"kind": kind}
    if not inspect.isclass(annotation) or not issubclass(annotation, BaseModel):
        raise _unsupported(path, annotation)
    if issubclass(annotation, dspy.Type):
        raise _unsupported(path, annotation)
    return _object(annotation, path, within)


def _object(model: type[BaseModel], path: str, within: Models) -> dict[str, Json]:
    if model in within:
        raise SignatureError(f'{path}: model "{model.__name__}" holds itself', 0, path)
    inner = (*within, model)
    fields = [_field(name, info, f"{path}.{name}", inner) for name, info in model.model_fields.items()]
    return {"kind": "object", "fields": fields}


def _optional(annotation: Any, metadata: list[Any], path: str, within: Models) -> dict[str, Json]:
    others = [argument for argument in get_args(annotation) if argument is not type(None)]
    if len(others) != 1 or len(others) == len(get_args(annotation)):
        raise _unsupported(path, annotation)
    of = _type(others[0], metadata, path, within)
    return of if of["kind"] == "optional" else {"kind": "optional", "of": of}


def _unsupported(path: str, annotation: Any) -> SignatureError:
    name = annotation.__name__ if inspect.isclass(annotation) else str(annotation)
    return SignatureError(f'{path}: type "{name}" has no text in a signature', 0, path)
