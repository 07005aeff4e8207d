"""What our types carry inside pydantic's annotations, where neither pydantic nor DSPy has a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from annotated_types import GroupedMetadata
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from .leaves import base64_text, bytes_from_base64
from .patterns import searcher

JsonSchema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class WireName:
    """The field's name in the signature, where DSPy or pydantic keep that name for themselves."""

    name: str


@dataclass(frozen=True, slots=True)
class Unwritten:
    """The field is optional or has a default only because DSPy needs it so; the signature says neither."""


@dataclass(frozen=True, slots=True)
class OptionalHistory:
    """`History | None`, which DSPy takes for a conversation only as plain `History`."""


@dataclass(frozen=True, slots=True)
class Re2Pattern:
    """A pattern matched by RE2, as everywhere else, instead of by pydantic's engine."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        search = searcher(self.pattern)

        def check(value: str) -> str:
            if search(value) is None:
                raise ValueError(f"must match {self.pattern}")
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        return {**handler(schema), "pattern": self.pattern}


class Limits(GroupedMetadata):
    """Constraints inside of an annotation; DSPy puts `__name__` into prompts, where it must be readable."""

    def __init__(self, items: tuple[Any, ...], text: str) -> None:
        self.items = items
        self.__name__ = text

    def __iter__(self) -> Iterator[object]:
        return iter(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return self.__name__


class Base64Bytes(bytes):
    """Bytes that a model reads and writes as base64 text."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(base64_text),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchema:
        return {"type": "string", "description": "base64"}

    @classmethod
    def _validate(cls, value: Any) -> Base64Bytes:
        if isinstance(value, (bytes, bytearray)):
            return cls(value)
        raw = bytes_from_base64(value)
        if raw is None:
            raise ValueError("must be base64")
        return cls(raw)
