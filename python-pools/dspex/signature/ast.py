"""The signature's syntax tree, plain frozen data: the parser builds it, all else is compiled from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Final, Literal, TypeAlias

Json: TypeAlias = Any
PlainKind = Literal["bool", "date", "datetime", "time", "any", "image", "history"]
PLAIN_KINDS: Final[tuple[PlainKind, ...]] = ("bool", "date", "datetime", "time", "any", "image", "history")


# `str` is 1 deep, `list[str]` 2. Bounds every recursion over types, also that of a hostile text.
MAX_TYPE_DEPTH: Final = 32


class Absent(Enum):
    """The default of a field that has none; None is one like any other. An enum stays itself when copied."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class StrType:
    kind: ClassVar[str] = "str"
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class BytesType:
    kind: ClassVar[str] = "bytes"
    min_length: int | None = None
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class IntType:
    kind: ClassVar[str] = "int"
    ge: int | float | None = None
    gt: int | float | None = None
    le: int | float | None = None
    lt: int | float | None = None
    multiple_of: int | float | None = None


@dataclass(frozen=True, slots=True)
class FloatType:
    kind: ClassVar[str] = "float"
    ge: int | float | None = None
    gt: int | float | None = None
    le: int | float | None = None
    lt: int | float | None = None
    multiple_of: int | float | None = None
    allow_inf_nan: bool | None = None


@dataclass(frozen=True, slots=True)
class PlainType:
    kind: PlainKind


@dataclass(frozen=True, slots=True)
class ListType:
    items: Type
    kind: ClassVar[str] = "list"
    min_length: int | None = None
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class DictType:
    values: Type
    kind: ClassVar[str] = "dict"
    min_length: int | None = None
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class ObjectType:
    fields: tuple[Field, ...]
    kind: ClassVar[str] = "object"


@dataclass(frozen=True, slots=True)
class LiteralType:
    values: tuple[Json, ...]
    kind: ClassVar[str] = "literal"


@dataclass(frozen=True, slots=True)
class OptionalType:
    of: Type
    kind: ClassVar[str] = "optional"


Type: TypeAlias = (
    StrType
    | BytesType
    | IntType
    | FloatType
    | PlainType
    | ListType
    | DictType
    | ObjectType
    | LiteralType
    | OptionalType
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `default` is in wire form."""

    name: str
    type: Type
    description: str | None = None
    default: Json = field(default=ABSENT)

    @property
    def has_default(self) -> bool:
        return self.default is not ABSENT

    @property
    def may_be_absent(self) -> bool:
        return self.default is not ABSENT or isinstance(self.type, OptionalType)


@dataclass(frozen=True, eq=True)
class Signature:
    """A program's fields; `caches` keeps what was compiled from this very object."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    instructions: str | None = None
    caches: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        # Names suffice to spread signatures over buckets, and a default may be a list, which has no hash.
        return hash(tuple(f.name for f in self.inputs) + tuple(f.name for f in self.outputs))

    def __reduce__(self) -> tuple[type[Signature], tuple[Any, ...]]:
        """Copied and pickled without what was compiled."""
        return Signature, (self.inputs, self.outputs, self.instructions)
