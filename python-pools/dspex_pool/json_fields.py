"""Follows a JSON object while a model writes it, and hands on what is added to the string fields that are
wanted.

    {"reasoning": "…", "answer": "Par|is"}      wanted: answer  ─▶  ("answer", "Par") ("answer", "is")

DSPy's own listener hands on pieces of JSON's syntax with the text; what comes out here adds up to the field.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto
from typing import Final

_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_LOW_SURROGATES: Final = range(0xDC00, 0xE000)
_UNICODE_DIGITS: Final = 4


class _In(Enum):
    PREAMBLE = auto()
    """Between members: a key, a comma or the end comes."""
    OBJECT = auto()
    KEY = auto()
    COLON = auto()
    VALUE = auto()
    WANTED = auto()
    SKIPPED_STRING = auto()
    """A number, list, object, true, false or null."""
    SKIPPED = auto()
    END = auto()


class JsonFields:
    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = frozenset(wanted)
        self._state = _In.PREAMBLE
        self._key = ""
        self._depth = 0
        self._nested_string = False
        self._escape: str | None = None
        self._high: int | None = None

    def feed(self, text: str) -> list[tuple[str, str]]:
        """What this piece adds, in order."""
        added: list[tuple[str, str]] = []
        fresh: list[str] = []
        for character in text:
            was = self._state
            decoded = self._step(character)
            if decoded and was is _In.WANTED:
                fresh.append(decoded)
            elif decoded and was is _In.KEY:
                self._key += decoded
            if was is _In.WANTED and self._state is not _In.WANTED and fresh:
                added.append((self._key, "".join(fresh)))
                fresh = []
        if fresh:
            added.append((self._key, "".join(fresh)))
        return added

    def _step(self, character: str) -> str:
        """Moves on by one character; returns the text that it adds to the string it is in."""
        match self._state:
            case _In.PREAMBLE:
                if character == "{":
                    self._state = _In.OBJECT
            case _In.OBJECT:
                if character == '"':
                    self._key = ""
                    self._state = _In.KEY
                elif character == "}":
                    self._state = _In.END
            case _In.COLON:
                if character == ":":
                    self._state = _In.VALUE
            case _In.VALUE:
                self._begin_value(character)
            case _In.KEY:
                return self._string(character, _In.COLON)
            case _In.WANTED | _In.SKIPPED_STRING:
                return self._string(character, _In.OBJECT)
            case _In.SKIPPED:
                self._skip(character)
            case _In.END:
                pass
        return ""

    def _begin_value(self, character: str) -> None:
        if character.isspace():
            return
        if character == '"':
            self._state = _In.WANTED if self._key in self._wanted else _In.SKIPPED_STRING
            return
        self._state = _In.SKIPPED
        self._depth = 0
        self._nested_string = False
        self._skip(character)

    def _skip(self, character: str) -> None:
        if self._nested_string:
            if self._escape is not None:
                self._escape = None
            elif character == "\\":
                self._escape = ""
            elif character == '"':
                self._nested_string = False
        elif character == '"':
            self._nested_string = True
        elif character in "[{":
            self._depth += 1
        elif character in "]}":
            if self._depth == 0:
                self._state = _In.END
            self._depth -= 1
        elif character == "," and self._depth == 0:
            self._state = _In.OBJECT

    def _string(self, character: str, after: _In) -> str:
        if self._escape is not None:
            return self._escaped(character)
        if character == "\\":
            self._escape = ""
            return ""
        lost = self._take_lone_surrogate()
        if character == '"':
            self._state = after
            return lost
        return lost + character

    def _escaped(self, character: str) -> str:
        if self._escape == "" and character != "u":
            self._escape = None
            return self._take_lone_surrogate() + _ESCAPES.get(character, character)
        self._escape = (self._escape or "") + character
        if len(self._escape) <= _UNICODE_DIGITS:
            return ""
        digits, self._escape = self._escape[1:], None
        try:
            return self._code_unit(int(digits, 16))
        except ValueError:
            return ""

    def _code_unit(self, unit: int) -> str:
        """UTF-16 as JSON escapes it: the halves of a pair come one after the other."""
        if unit in _LOW_SURROGATES and self._high is not None:
            high, self._high = self._high, None
            return chr(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00))
        lost = self._take_lone_surrogate()
        if unit in _HIGH_SURROGATES:
            self._high = unit
            return lost
        return lost + ("\ufffd" if unit in _LOW_SURROGATES else chr(unit))

    def _take_lone_surrogate(self) -> str:
        if self._high is None:
            return ""
        self._high = None
        return "\ufffd"
