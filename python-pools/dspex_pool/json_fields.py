"""Follows the JSON of a model's outputs while it is written, and hands on what each output gains: of a string
the text itself, of any other value pieces of JSON that are cut only where what has come so far ends in whole
values.

    {"answer": "Par|is", "people": [{"name": "A|da", "age": 3|6}]}
       answer "Par"   answer "is"   people [{"name": "A   people da"   people , "age": 36}]

DSPy's own listener hands on pieces of JSON's syntax with the text; what comes out here adds up to the output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal, NamedTuple, assert_never

from dspex.signature import DictType, ListType, ObjectType, OptionalType, PlainType, StrType, Type
from dspex_pool.json_string import JsonString

MAX_DEPTH: Final = 64
_ENDS_ATOM: Final = frozenset(",}] \n\r\t")


class Piece(NamedTuple):
    """What one output has gained."""

    field: str
    text: str
    """`text` is a piece of the output's JSON."""
    is_json: bool = False


@dataclass(slots=True)
class _Frame:
    kind: Literal["object", "list"]
    """Of the value; None is anything."""
    type: Type | None
    """Member that is being read."""
    key: str = ""


class _State(Enum):
    PREAMBLE = auto()
    """Between members: a key, a comma or the end comes."""
    BEFORE_KEY = auto()
    KEY = auto()
    COLON = auto()
    BEFORE_VALUE = auto()
    STRING = auto()
    """A number, true, false or null."""
    ATOM = auto()
    AFTER_VALUE = auto()
    END = auto()


class JsonFields:
    def __init__(self, wanted: Mapping[str, Type]) -> None:
        self._wanted = wanted
        self._state = _State.PREAMBLE
        self._frames: list[_Frame] = []
        self._string = JsonString()
        # None between outputs, and in members that are not wanted.
        self._field: str | None = None
        # The output's value is a string: its text is handed on.
        self._is_text = False
        # The string that is being read may be cut anywhere.
        self._is_free = False
        # JSON that is not handed on yet: what comes next may be a half of something.
        self._held: list[str] = []
        self._ready: list[str] = []
        self._pieces: list[Piece] = []

    def feed(self, text: str) -> list[Piece]:
        """What this piece adds, in order."""
        for character in text:
            self._step(character)
        self._hand_on()
        pieces, self._pieces = self._pieces, []
        return pieces

    def _step(self, character: str) -> None:
        match self._state:
            case _State.PREAMBLE:
                if character == "{":
                    self._open("object", None)
            case _State.BEFORE_KEY:
                self._hold(character)
                if character == '"':
                    self._string = JsonString()
                    self._state = _State.KEY
                elif character == "}":
                    self._close()
            case _State.KEY:
                self._hold(character)
                self._string.read(character)
                if self._string.ended:
                    self._frames[-1].key = self._string.take_text()
                    self._state = _State.COLON
            case _State.COLON:
                self._hold(character)
                if character == ":":
                    self._state = _State.BEFORE_VALUE
            case _State.BEFORE_VALUE:
                self._before_value(character)
            case _State.STRING:
                self._read_string(character)
            case _State.ATOM:
                if character in _ENDS_ATOM:
                    self._end_value()
                    self._step(character)
                else:
                    self._hold(character)
            case _State.AFTER_VALUE:
                if character == ",":
                    self._hold(character)
                    is_list = self._frames[-1].kind == "list"
                    self._state = _State.BEFORE_VALUE if is_list else _State.BEFORE_KEY
                elif character in "}]":
                    self._hold(character)
                    self._close()
            case _State.END:
                pass
            case _:
                assert_never(self._state)

    def _before_value(self, character: str) -> None:
        if character == "," or character.isspace():
            self._hold(character)
        elif character == "]" and self._frames[-1].kind == "list":
            self._hold(character)
            self._close()
        else:
            self._begin(character)

    def _begin(self, character: str) -> None:
        type_ = self._type_of_value()
        if len(self._frames) == 1:
            key = self._frames[0].key
            self._field = key if key in self._wanted else None
            self._is_text = character == '"'
        self._hold(character)
        if character in "{[":
            self._open("object" if character == "{" else "list", type_)
            self._release()
        elif character == '"':
            self._string = JsonString()
            self._state = _State.STRING
            self._is_free = type_ is None or isinstance(type_, StrType) or _is_any(type_)
            if self._is_free:
                self._release()
        else:
            self._state = _State.ATOM

    def _read_string(self, character: str) -> None:
        self._hold(character)
        self._string.read(character)
        ended = self._string.ended
        if self._is_text and self._field is not None and (ended or self._is_free):
            self._ready.append(self._string.take_text())
        if ended:
            self._end_value()
        elif self._is_free and self._string.is_whole:
            self._release()

    def _open(self, kind: Literal["object", "list"], type_: Type | None) -> None:
        if len(self._frames) >= MAX_DEPTH:
            self._state = _State.END
            return
        self._frames.append(_Frame(kind, type_))
        self._state = _State.BEFORE_KEY if kind == "object" else _State.BEFORE_VALUE

    def _close(self) -> None:
        self._frames.pop()
        self._end_value()
        if not self._frames:
            self._state = _State.END

    def _end_value(self) -> None:
        """A value is complete."""
        self._release()
        if len(self._frames) <= 1:
            self._hand_on()
            self._field = None
            self._is_text = False
        self._state = _State.AFTER_VALUE

    def _hold(self, character: str) -> None:
        if self._field is not None and not self._is_text:
            self._held.append(character)

    def _release(self) -> None:
        """What is held has become safe: no half of a number, a label or a member's name is in it."""
        self._ready += self._held
        self._held.clear()

    def _hand_on(self) -> None:
        text = "".join(self._ready)
        self._ready.clear()
        if self._field is not None and text:
            self._pieces.append(Piece(self._field, text, not self._is_text))

    def _type_of_value(self) -> Type | None:
        frame = self._frames[-1]
        if len(self._frames) == 1:
            return _bare(self._wanted.get(frame.key))
        match frame.type:
            case ListType(items=inner) | DictType(values=inner):
                return _bare(inner)
            case ObjectType(fields=fields):
                return _bare(next((field.type for field in fields if field.name == frame.key), None))
            case _:
                return None


def _bare(type_: Type | None) -> Type | None:
    return type_.of if isinstance(type_, OptionalType) else type_


def _is_any(type_: Type) -> bool:
    return isinstance(type_, PlainType) and type_.kind == "any"
