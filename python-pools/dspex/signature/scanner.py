"""Moves through a signature's text: blanks, words, punctuation, and the one way to fail at a place."""

from __future__ import annotations

import re
from typing import Final, cast

from .errors import SignatureError
from .shorten import json_text, shorten

MAX_TEXT_LENGTH: Final = 65_536

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_WORD: Final = re.compile(r"[A-Za-z0-9_.]*")
_NAME: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]*)?")
_SIGNED_WORD: Final = re.compile(r"-?[A-Za-z0-9_.]+")
_UNQUOTED: Final = {
    '"': re.compile(r'(?:[^"\\]+|\\.)*', re.DOTALL),
    "'": re.compile(r"(?:[^'\\]+|\\.)*", re.DOTALL),
}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def match(expression: re.Pattern[str], text: str, at: int) -> re.Match[str]:
    """For expressions that match the empty string too."""
    return cast("re.Match[str]", expression.match(text, at))


class Scanner:
    """`at` is the next character to be read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        if len(text) > MAX_TEXT_LENGTH:
            raise self.error(f"signature longer than {MAX_TEXT_LENGTH} characters", MAX_TEXT_LENGTH, "")
        surrogate = None if text.isascii() else _SURROGATE.search(text)
        if surrogate is not None:
            character = surrogate.group()
            raise self.error(f'lone surrogate "\\u{ord(character):x}"', surrogate.start(), character)

    def peek(self) -> str:
        """The next character that is neither white space nor comment, "" at the end; moves to it."""
        self.at = match(_BLANK, self.text, self.at).end()
        return self.text[self.at : self.at + 1]

    def comes(self, token: str) -> bool:
        """Whether `token` comes next; the empty one is the end of the text."""
        following = self.peek()
        return self.text.startswith(token, self.at) if token else following == ""

    def take(self, token: str) -> bool:
        """Whether `token` comes next; moves over it if so."""
        if not self.comes(token):
            return False
        self.at += len(token)
        return True

    def expect(self, token: str) -> None:
        if not self.take(token):
            raise self.expecting(f'"{token}"')

    def take_name(self) -> str:
        """A field's name, "" where none comes next."""
        return self._take(_NAME)

    def take_word(self) -> str:
        """A run of letters, digits, `_` and `.`, "" where none comes next."""
        return self._take(_WORD)

    def _take(self, expression: re.Pattern[str]) -> str:
        self.peek()
        found = match(expression, self.text, self.at)
        self.at = found.end()
        return found.group()

    def string_end(self, at: int) -> int | None:
        """Just behind the closing quote of the string that opens at `at`; None where it never closes."""
        end = match(_UNQUOTED[self.text[at]], self.text, at + 1).end()
        return end + 1 if self.text.startswith(self.text[at], end) else None

    def word_at(self, at: int) -> str:
        """What a reader would point at: a word, `->`, a whole string, else one character; "" at the end."""
        text = self.text
        if text[at : at + 1] in _UNQUOTED:
            end = self.string_end(at)
            return text[at] if end is None else text[at:end]
        if text.startswith("->", at):
            return "->"
        run = _SIGNED_WORD.match(text, at)
        return text[at : at + 1] if run is None else run.group()

    def error(self, message: str, at: int, word: str, hint: str = "") -> SignatureError:
        return SignatureError(f"{message} at {at}{hint}", at, word)

    def expecting(self, expected: str) -> SignatureError:
        """At what comes next."""
        self.peek()
        word = self.word_at(self.at)
        found = shorten(json_text(word)) if word else "the end"
        return self.error(f"expected {expected}, got {found}", self.at, word)
