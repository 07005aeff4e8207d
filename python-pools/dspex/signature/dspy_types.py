"""Types as DSPy wants them: an annotation for the signature, and how a decoded value becomes one of it."""

from __future__ import annotations

import datetime
import math
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Optional

import dspy
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen, MultipleOf
from pydantic import AllowInfNan, AwareDatetime, BaseModel, ConfigDict, create_model
from pydantic import Field as PydanticField

from .ast import (
    BytesType,
    DictType,
    Field,
    FloatType,
    ListType,
    LiteralType,
    ObjectType,
    OptionalType,
    PlainType,
    Type,
)
from .codec import DECODE, compile_codec
from .constraints import FITTING
from .describe import constraints_text
from .dspy_markers import Base64Bytes, Limits, Re2Pattern, Unwritten

# None where the decoded value is already what DSPy wants.
Convert = Callable[[Any], Any] | None
Side = Literal["inputs", "outputs"]

_SCALARS: Final[dict[str, Any]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "bytes": Base64Bytes,
    "date": datetime.date,
    "time": datetime.time,
    "any": Any,
    "image": dspy.Image,
    "history": dspy.History,
}
_LIMITS: Final[dict[str, Callable[[Any], Any]]] = {
    "min_length": MinLen,
    "max_length": MaxLen,
    "pattern": Re2Pattern,
    "ge": Ge,
    "gt": Gt,
    "le": Le,
    "lt": Lt,
    "multiple_of": MultipleOf,
    "allow_inf_nan": AllowInfNan,
}
# Beginnings that pydantic warns about.
_PROTECTED: Final = ("model_validate", "model_dump")


@dataclass(frozen=True, slots=True)
class DspyType:
    """`limits` are left to whoever knows where they are honoured."""

    annotation: Any
    convert: Convert = None
    limits: Limits | None = None

    @property
    def constrained(self) -> Any:
        """The annotation for places inside of others, where DSPy and pydantic honour constraints."""
        return self.annotation if self.limits is None else Annotated[self.annotation, self.limits]


def limits_of(type_: Type) -> Limits | None:
    said = ((key, getattr(type_, key, None)) for key in FITTING.get(type_.kind, ()))
    items = [_LIMITS[key](value) for key, value in said if value is not None]
    if isinstance(type_, FloatType):
        # pydantic cannot compare with what is no double; the check of the values can.
        items = [item for item in items if _is_buildable(item)]
    return Limits(tuple(items), constraints_text(type_).removeprefix(", ") or "any float") if items else None


def _is_buildable(item: Any) -> bool:
    values = [getattr(item, name) for name in ("ge", "gt", "le", "lt", "multiple_of") if hasattr(item, name)]
    try:
        return all(math.isfinite(float(value)) for value in values)
    except OverflowError:
        return False


def dspy_type(type_: Type, path: str, side: Side) -> DspyType:
    """`path` names the models of nested objects, e.g. `PersonAddress`."""
    limits = limits_of(type_)
    match type_:
        case OptionalType(of=of):
            inner = dspy_type(of, path, side)
            return DspyType(Optional[inner.constrained], _or_none(inner.convert))  # noqa: UP045  # of a value
        case ListType(items=items):
            inner = dspy_type(items, path, side)
            return DspyType(types.GenericAlias(list, (inner.constrained,)), _each(inner.convert), limits)
        case DictType(values=values):
            inner = dspy_type(values, path, side)
            annotation = types.GenericAlias(dict, (str, inner.constrained))
            return DspyType(annotation, _each_member(inner.convert), limits)
        case ObjectType(fields=fields):
            return _object(fields, path, side)
        case LiteralType(values=literals):
            return DspyType(Literal[literals])
        case BytesType():
            return DspyType(Base64Bytes, Base64Bytes, limits)
        case PlainType(kind="datetime"):
            # A model's naive datetime is refused at once; inputs DSPy compares with the plain class.
            return DspyType(datetime.datetime if side == "inputs" else AwareDatetime)
        case _:
            return DspyType(_SCALARS[type_.kind], None, limits)


def _or_none(convert: Convert) -> Convert:
    return None if convert is None else lambda value: None if value is None else convert(value)


def _each(convert: Convert) -> Convert:
    return None if convert is None else lambda value: [convert(item) for item in value]


def _each_member(convert: Convert) -> Convert:
    return None if convert is None else lambda value: {key: convert(member) for key, member in value.items()}


def _object(fields: tuple[Field, ...], path: str, side: Side) -> DspyType:
    names = safe_names([field.name for field in fields], BaseModel)
    definitions: dict[str, Any] = {}
    plan: list[tuple[str, str, Convert]] = []
    for field in fields:
        inner = dspy_type(field.type, path + _camel(field.name), side)
        definitions[names[field.name]] = _model_field(field, names[field.name], inner)
        plan.append((field.name, names[field.name], inner.convert))
    config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)
    model = create_model(path or "Object", __config__=config, **definitions)

    def convert(value: Any) -> Any:
        members = {to: value[name] if c is None else c(value[name]) for name, to, c in plan}
        return model.model_construct(**members)

    return DspyType(model, convert)


def _model_field(field: Field, safe_name: str, inner: DspyType) -> tuple[Any, Any]:
    arguments: dict[str, Any] = {"description": field.description}
    annotation = inner.constrained
    if safe_name != field.name:
        arguments["alias"] = field.name
    if field.has_default:
        # pydantic copies it for each value.
        arguments["default"] = default_of(field, inner.convert)
    elif isinstance(field.type, OptionalType):
        # A model may leave it out, as the wire may.
        arguments["default"] = None
        annotation = Annotated[annotation, Unwritten()]
    return annotation, PydanticField(**arguments)


def default_of(field: Field, convert: Convert) -> Any:
    value = compile_codec(field.type, DECODE)(field.default, [])
    return value if convert is None else convert(value)


def safe_names(names: list[str], base: type, kept: frozenset[str] = frozenset()) -> dict[str, str]:
    """The names by which DSPy knows the fields: with `_` behind what `base` or DSPy use for themselves."""
    taken = set(names)
    safe: dict[str, str] = {}
    for name in names:
        candidate = name
        while candidate in kept or hasattr(base, candidate) or candidate.startswith(_PROTECTED):
            candidate = f"field_{candidate}" if candidate.startswith(_PROTECTED) else f"{candidate}_"
            while candidate in taken:
                candidate += "_"
        taken.add(candidate)
        safe[name] = candidate
    return safe


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
