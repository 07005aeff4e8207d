"""Text to syntax tree: recursive descent in one pass, linear in the text.

parse_signature ─ _fields ─ _field ─┬─ _type ─┬─ parse_constraints ─ parse_literal
                     ▲              └─ default└─ _fields (nested object)
                     └──────────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .ast import (
    ABSENT,
    MAX_TYPE_DEPTH,
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
from .checks import RESERVED_NAMES, literal_key
from .codec import default_fits
from .constraints import parse_constraints
from .describe import describe_type
from .literals import parse_default, parse_literal, parse_string
from .scanner import Scanner
from .shorten import shorten
from .suggest import did_you_mean

_PLAIN: Final[Mapping[str, PlainType]] = {
    "bool": PlainType("bool"),
    "date": PlainType("date"),
    "datetime": PlainType("datetime"),
    "time": PlainType("time"),
    "Any": PlainType("any"),
    "Image": PlainType("image"),
    "dspy.Image": PlainType("image"),
    "History": PlainType("history"),
    "dspy.History": PlainType("history"),
}
_SCALARS: Final[Mapping[str, type[StrType | BytesType | IntType | FloatType]]] = {
    "str": StrType,
    "bytes": BytesType,
    "int": IntType,
    "float": FloatType,
}
_TYPE_WORDS: Final = (
    *("str", "int", "float", "bool", "bytes", "date", "datetime", "time", "list", "dict"),
    *("Any", "Literal", "Optional", "Image", "History", "dspy.Image", "dspy.History"),
)
_ANY: Final = PlainType("any")


def parse_signature(text: str) -> Signature:
    """Raises `SignatureError`, and nothing else, where the text is no signature."""
    scanner = Scanner(text)
    instructions = parse_string(scanner) if scanner.peek() in ('"', "'") else None
    names: set[str] = set()
    inputs = _fields(scanner, "->", names, 1)
    scanner.expect("->")
    outputs = _fields(scanner, "", names, 1)
    return Signature(inputs, outputs, instructions)


def _fields(scanner: Scanner, end: str, names: set[str], depth: int) -> tuple[Field, ...]:
    """Fields up to `end`, which is left to be read ("": the end of the text); adds their names to `names`."""
    fields = [_field(scanner, names, depth)]
    while scanner.take(",") and not scanner.comes(end):
        fields.append(_field(scanner, names, depth))
    if not scanner.comes(end):
        raise scanner.expecting(f'"," or "{end}"' if end else '"," or the end')
    return tuple(fields)


def _field(scanner: Scanner, names: set[str], depth: int) -> Field:
    name = scanner.take_name()
    at = scanner.at - len(name)
    if not name:
        word = scanner.word_at(at)
        if not word or word[0] not in "0123456789_.":
            raise scanner.expecting("a field name")
        raise scanner.error(f'a field name starts with a letter, got "{shorten(word)}"', at, word)
    if name in RESERVED_NAMES:
        raise scanner.error(f'reserved field name "{name}"', at, name)
    if name in names:
        raise scanner.error(f'duplicate field name "{shorten(name)}"', at, name)
    names.add(name)
    type_ = _type(scanner, depth) if scanner.take(":") else StrType()
    default = _default(scanner, name, type_) if scanner.take("=") else ABSENT
    description = parse_string(scanner) if scanner.peek() in ('"', "'") else None
    return Field(name, type_, description, default)


def _default(scanner: Scanner, name: str, type_: Type) -> Json:
    literal = parse_default(scanner)
    if not default_fits(type_, literal.value):
        misfit = f'default {shorten(literal.word)} does not fit "{shorten(name)}"'
        raise scanner.error(f"{misfit}, which is {describe_type(type_)},", literal.at, literal.word)
    return literal.value


def _type(scanner: Scanner, depth: int) -> Type:
    following = scanner.peek()
    _bound(scanner, depth, scanner.at)
    base = _object(scanner, depth) if following == "{" else _named(scanner, depth)
    if not scanner.take("|"):
        return base
    scanner.peek()
    at = scanner.at
    if scanner.take_word() != "None":
        scanner.at = at
        raise scanner.expecting('"None" (no other union is possible)')
    return _optional(base)


def _bound(scanner: Scanner, depth: int, at: int) -> None:
    if depth > MAX_TYPE_DEPTH:
        raise scanner.error(f"types nested more than {MAX_TYPE_DEPTH} deep", at, scanner.word_at(at))


def _optional(of: Type) -> OptionalType:
    return of if isinstance(of, OptionalType) else OptionalType(of)


def _object(scanner: Scanner, depth: int) -> Type:
    scanner.expect("{")
    fields = _fields(scanner, "}", set(), depth + 1)
    scanner.expect("}")
    parse_constraints(scanner, "object")
    return ObjectType(fields)


def _named(scanner: Scanner, depth: int) -> Type:
    word = scanner.take_word()
    at = scanner.at - len(word)
    if word in _SCALARS:
        return _SCALARS[word](**parse_constraints(scanner, word))
    if word in _PLAIN:
        plain = _PLAIN[word]
        parse_constraints(scanner, plain.kind)
        return plain
    if word == "list":
        items = _items(scanner, depth, at)
        return ListType(items, **parse_constraints(scanner, word))
    if word == "dict":
        values = _values(scanner, depth, at)
        return DictType(values, **parse_constraints(scanner, word))
    if word == "Literal":
        literals = _literals(scanner)
        parse_constraints(scanner, "literal")
        return LiteralType(literals)
    if word == "Optional":
        scanner.expect("[")
        of = _optional(_type(scanner, depth + 1))
        scanner.expect("]")
        parse_constraints(scanner, "Optional")
        return of
    if not word:
        raise scanner.expecting("a type")
    raise scanner.error(f'unknown type "{shorten(word)}"', at, word, did_you_mean(word, _TYPE_WORDS))


def _items(scanner: Scanner, depth: int, at: int) -> Type:
    if not scanner.take("["):
        # Bare `list` is `list[Any]`, so it is as deep as that.
        _bound(scanner, depth + 1, at)
        return _ANY
    items = _type(scanner, depth + 1)
    scanner.expect("]")
    return items


def _values(scanner: Scanner, depth: int, at: int) -> Type:
    if not scanner.take("["):
        _bound(scanner, depth + 1, at)
        return _ANY
    scanner.peek()
    at = scanner.at
    if scanner.take_word() != "str":
        scanner.at = at
        raise scanner.expecting('"str" (keys of a dict are str)')
    scanner.expect(",")
    values = _type(scanner, depth + 1)
    scanner.expect("]")
    return values


def _literals(scanner: Scanner) -> tuple[Json, ...]:
    scanner.expect("[")
    values: dict[tuple[str, Json], Json] = {}
    while True:
        literal = parse_literal(scanner)
        key = literal_key(literal.value)
        if key in values:
            raise scanner.error(f"duplicate literal {shorten(literal.word)}", literal.at, literal.word)
        values[key] = literal.value
        if not scanner.take(","):
            break
    if not scanner.take("]"):
        raise scanner.expecting('"," or "]"')
    return tuple(values.values())
