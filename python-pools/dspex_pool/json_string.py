"""Reads one JSON string, character by character, and gives its text as far as it is certain: an escape that
has only begun, and the first half of a pair of surrogates, wait for the rest.
"""

from __future__ import annotations

from typing import Final

_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_LOW_SURROGATES: Final = range(0xDC00, 0xE000)
_UNICODE_DIGITS: Final = 4


class JsonString:
    def __init__(self) -> None:
        self._text: list[str] = []
        self._escape: str | None = None
        self._high: int | None = None
        self.ended = False

    @property
    def is_whole(self) -> bool:
        """Nothing of it is half there."""
        return self._escape is None and self._high is None

    def take_text(self) -> str:
        """Text since the last call."""
        text = "".join(self._text)
        self._text.clear()
        return text

    def read(self, character: str) -> None:
        if self._escape is not None:
            self._read_escape(self._escape + character)
        elif character == "\\":
            self._escape = ""
        else:
            self._lose_lone_surrogate()
            if character == '"':
                self.ended = True
            else:
                self._text.append("\ufffd" if "\ud800" <= character <= "\udfff" else character)

    def _read_escape(self, sequence: str) -> None:
        self._escape = None
        if not sequence.startswith("u"):
            self._lose_lone_surrogate()
            self._text.append(_ESCAPES.get(sequence, sequence))
        elif len(sequence) <= _UNICODE_DIGITS:
            self._escape = sequence
        else:
            self._add_unit(_unit(sequence[1:]))

    def _add_unit(self, unit: int) -> None:
        if self._high is not None and unit in _LOW_SURROGATES:
            pair = 0x10000 + ((self._high - 0xD800) << 10) + (unit - 0xDC00)
            self._high = None
            self._text.append(chr(pair))
            return
        self._lose_lone_surrogate()
        if unit in _HIGH_SURROGATES:
            self._high = unit
        else:
            self._text.append("\ufffd" if unit in _LOW_SURROGATES else chr(unit))

    def _lose_lone_surrogate(self) -> None:
        if self._high is not None:
            self._high = None
            self._text.append("\ufffd")


def _unit(digits: str) -> int:
    try:
        return int(digits, 16)
    except ValueError:
        return 0xFFFD
