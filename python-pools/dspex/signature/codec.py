"""Types compiled to closures: wire values to Python values and back, problems gathered on the way.

Both directions walk alike and differ in what a leaf does, what counts as a list or an object, and what
becomes of a field that is not there; `Direction` holds these differences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .ast import (
    BytesType,
    DictType,
    Field,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    ObjectType,
    OptionalType,
    StrType,
    Type,
)
from .describe import NOTHING, describe_type
from .json_values import ANY_LEAF, is_key, members_of
from .leaves import (
    BOOL_LEAF,
    DATE_LEAF,
    DATETIME_LEAF,
    REFUSED,
    TIME_LEAF,
    Convert,
    Leaf,
    bytes_leaf,
    float_leaf,
    int_leaf,
    literal_leaf,
    str_leaf,
)
from .limits import length_limit
from .media import IMAGE_LEAF, history_leaf
from .problems import MAX_PROBLEMS, Problems, prefix, prefix_member, report

# Returns the converted value, or anything at all if it has added a problem.
Codec = Callable[[Any, Problems], Any]

_LEAVES: Final = {
    "bool": BOOL_LEAF,
    "date": DATE_LEAF,
    "datetime": DATETIME_LEAF,
    "time": TIME_LEAF,
    "any": ANY_LEAF,
    "image": IMAGE_LEAF,
}


@dataclass(frozen=True, slots=True)
class Direction:
    to_wire: bool
    # What an absent optional field becomes: None for Python, still absent on the wire.
    fills_none: bool
    fills_defaults: bool
    # Those of the whole signature, by which a conversation's turns are split.
    output_names: frozenset[str] = frozenset()


DECODE: Final = Direction(to_wire=False, fills_none=True, fills_defaults=True)
ENCODE: Final = Direction(to_wire=True, fills_none=False, fills_defaults=False)


def _leaf(type_: Type, direction: Direction) -> Leaf:
    match type_:
        case StrType():
            return str_leaf(type_)
        case IntType():
            return int_leaf(type_)
        case FloatType():
            return float_leaf(type_)
        case BytesType():
            return bytes_leaf(type_)
        case LiteralType():
            return literal_leaf(type_)
        case _:
            return _LEAVES.get(type_.kind) or history_leaf(direction.output_names)


def compile_codec(type_: Type, direction: Direction, expected: str | None = None) -> Codec:
    """`expected` is what a wrong value of an optional type is told instead of the type's own description."""
    expected = describe_type(type_) if expected is None else expected
    match type_:
        case OptionalType(of=of):
            return _optional(compile_codec(of, direction, expected))
        case ListType():
            return _list(type_, direction, expected)
        case DictType():
            return _dict(type_, direction, expected)
        case ObjectType(fields=fields):
            return compile_fields(fields, direction, expected)
        case _:
            leaf = _leaf(type_, direction)
            return _scalar(leaf.to_wire if direction.to_wire else leaf.to_python, expected)


def _scalar(convert: Convert, expected: str) -> Codec:
    def codec(value: Any, problems: Problems) -> Any:
        converted = convert(value)
        if converted is REFUSED:
            report(problems, expected, value)
        return converted

    return codec


def _optional(of: Codec) -> Codec:
    return lambda value, problems: None if value is None else of(value, problems)


def _list(type_: ListType, direction: Direction, expected: str) -> Codec:
    item = compile_codec(type_.items, direction)
    limit = length_limit(type_)
    kinds = (list, tuple) if direction.to_wire else list

    def codec(value: Any, problems: Problems) -> Any:
        if not isinstance(value, kinds) or (limit is not None and not limit(value)):
            return report(problems, expected, value)
        converted = []
        before = len(problems)
        for index, member in enumerate(value):
            converted.append(item(member, problems))
            if len(problems) != before:
                prefix(problems, before, f"[{index}]")
                before = len(problems)
                if before >= MAX_PROBLEMS:
                    break
        return converted

    return codec


def _dict(type_: DictType, direction: Direction, expected: str) -> Codec:
    item = compile_codec(type_.values, direction)
    limit = length_limit(type_)
    kinds = Mapping if direction.to_wire else dict

    def codec(value: Any, problems: Problems) -> Any:
        if not isinstance(value, kinds) or (limit is not None and not limit(value)):
            return report(problems, expected, value)
        if not all(is_key(key) for key in value):
            return report(problems, expected, value)
        converted = {}
        before = len(problems)
        for key, member in value.items():
            converted[key] = item(member, problems)
            if len(problems) != before:
                prefix_member(problems, before, key)
                before = len(problems)
                if before >= MAX_PROBLEMS:
                    break
        return converted

    return codec


@dataclass(slots=True)
class _Member:
    name: str
    codec: Codec
    expected: str
    # What an absent field becomes; REFUSED where it must be there, NOTHING where it stays absent.
    absent: Callable[[], Any]


def compile_fields(fields: tuple[Field, ...], direction: Direction, expected: str = "object") -> Codec:
    """The fields of a nested object or of one side of a signature."""
    members = [_member(field, direction) for field in fields]
    plan = [(member.name, member.codec, member.absent, member.expected) for member in members]
    names = frozenset(field.name for field in fields)
    to_wire = direction.to_wire

    def codec(value: Any, problems: Problems) -> Any:
        given = members_of(value) if to_wire else value if type(value) is dict else None
        if given is None:
            return report(problems, expected, value)
        converted = {}
        known = 0
        before = len(problems)
        for name, convert, absent, wanted in plan:
            member = given.get(name, NOTHING)
            if member is not NOTHING:
                known += 1
                converted[name] = convert(member, problems)
            else:
                filled = absent()
                if filled is REFUSED:
                    report(problems, wanted, NOTHING)
                elif filled is not NOTHING:
                    converted[name] = filled
            if len(problems) != before:
                prefix_member(problems, before, name)
                before = len(problems)
        if len(given) != known:
            _report_unknown(given, names, problems)
        return converted

    return codec


def _report_unknown(given: Mapping[Any, Any], names: frozenset[str], problems: Problems) -> None:
    unknown = (key if type(key) is str else str(key) for key in given if key not in names)
    for key in sorted(unknown, key=lambda text: text.encode("utf-16-be", "surrogatepass")):
        before = len(problems)
        report(problems, "no such field", given.get(key, NOTHING))
        prefix_member(problems, before, key)


def _member(field: Field, direction: Direction) -> _Member:
    codec = compile_codec(field.type, direction)
    return _Member(field.name, codec, describe_type(field.type), _absent(field, codec, direction))


def _absent(field: Field, codec: Codec, direction: Direction) -> Callable[[], Any]:
    if field.has_default and direction.fills_defaults:
        if isinstance(field.default, (list, dict)):
            # Anew each time, so that no two requests share one.
            return lambda: codec(field.default, [])
        converted = codec(field.default, [])
        return lambda: converted
    if isinstance(field.type, OptionalType) and direction.fills_none and not field.has_default:
        return lambda: None
    return lambda: NOTHING if field.may_be_absent else REFUSED


def default_fits(type_: Type, value: Any) -> bool:
    """Whether a default is a valid wire value of its field's type."""
    problems: Problems = []
    # Towards the wire, for that direction starts without DSPy and takes a wire value as it is.
    compile_codec(type_, ENCODE)(value, problems)
    return not problems
