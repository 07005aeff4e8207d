"""Syntax tree to canonical text, and the hash that names a signature."""

from __future__ import annotations

import hashlib
from typing import Final

from .ast import DictType, Field, ListType, LiteralType, ObjectType, OptionalType, Signature, Type
from .constraints import FITTING
from .literal_text import format_literal, format_string

_PLAIN_WORDS: Final = {"any": "Any", "image": "Image", "history": "History"}


def format_signature(signature: Signature) -> str:
    """`parse_signature(format_signature(ast))` equals `ast`."""
    text = signature.caches.get("text")
    if text is None:
        instructions = "" if signature.instructions is None else f"{format_string(signature.instructions)} "
        text = f"{instructions}{_fields(signature.inputs)} -> {_fields(signature.outputs)}"
        signature.caches["text"] = text
    return str(text)


def signature_hash(signature: Signature) -> str:
    """Hex SHA-256 of the canonical text: the same for two texts that mean the same, in both languages."""
    digest = signature.caches.get("hash")
    if digest is None:
        digest = hashlib.sha256(format_signature(signature).encode()).hexdigest()
        signature.caches["hash"] = digest
    return str(digest)


def _fields(fields: tuple[Field, ...]) -> str:
    return ", ".join(_field(field) for field in fields)


def _field(field: Field) -> str:
    default = f" = {format_literal(field.default)}" if field.has_default else ""
    description = "" if field.description is None else f" {format_string(field.description)}"
    return f"{field.name}: {format_type(field.type)}{default}{description}"


def format_type(type_: Type) -> str:
    match type_:
        case OptionalType(of=of):
            return f"{format_type(of)} | None"
        case ListType(items=items):
            return f"list[{format_type(items)}]{_constraints(type_)}"
        case DictType(values=values):
            return f"dict[str, {format_type(values)}]{_constraints(type_)}"
        case ObjectType(fields=fields):
            return f"{{{_fields(fields)}}}"
        case LiteralType(values=literals):
            return f"Literal[{', '.join(format_literal(value) for value in literals)}]"
        case _:
            return f"{_PLAIN_WORDS.get(type_.kind, type_.kind)}{_constraints(type_)}"


def _constraints(type_: Type) -> str:
    """In the order of `FITTING`, which is the canonical one."""
    said = ((key, getattr(type_, key)) for key in FITTING.get(type_.kind, ()))
    parts = [f"{key}={format_literal(value)}" for key, value in said if value is not None]
    return f"({', '.join(parts)})" if parts else ""
