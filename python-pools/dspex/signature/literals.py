"""Literals: strings, numbers, True/False/None in both spellings and, for defaults, lists and `{}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from .ast import MAX_TYPE_DEPTH, Json
from .numbers import number_from_text
from .scanner import Scanner, match
from .suggest import did_you_mean

MAX_NUMBER_LENGTH: Final = 1_000

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.])")
_CONSTANTS: Final[Mapping[str, bool | None]] = {
    "True": True,
    "true": True,
    "False": False,
    "false": False,
    "None": None,
    "null": None,
}
_ESCAPES: Final[Mapping[str, str]] = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t"}
_HEX: Final = re.compile(r"[0-9A-Fa-f]{0,4}")
_LOW_SURROGATE: Final = re.compile(r"\\u([dD][c-fC-F][0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Located:
    """A value and where its text begins, so that whoever refuses it can quote it."""

    value: Json
    at: int
    word: str


def parse_literal(scanner: Scanner) -> Located:
    return _located(scanner, _scalar)


def parse_default(scanner: Scanner) -> Located:
    return _located(scanner, lambda s: _default(s, 1))


def _located(scanner: Scanner, parse: Callable[[Scanner], Json]) -> Located:
    scanner.peek()
    at = scanner.at
    value = parse(scanner)
    return Located(value, at, scanner.text[at : scanner.at])


def _default(scanner: Scanner, depth: int) -> Json:
    if scanner.take("{"):
        scanner.expect("}")
        return {}
    if not scanner.comes("["):
        return _scalar(scanner)
    if depth > MAX_TYPE_DEPTH:
        raise scanner.error(f"lists nested more than {MAX_TYPE_DEPTH} deep", scanner.at, "[")
    scanner.take("[")
    items: list[Json] = []
    if scanner.take("]"):
        return items
    items.append(_default(scanner, depth + 1))
    while scanner.take(","):
        items.append(_default(scanner, depth + 1))
    if not scanner.take("]"):
        raise scanner.expecting('"," or "]"')
    return items


def _scalar(scanner: Scanner) -> Json:
    following = scanner.peek()
    if following in ('"', "'"):
        return parse_string(scanner)
    if following and following in "-0123456789":
        return _number(scanner)
    at = scanner.at
    word = scanner.take_word()
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if not word:
        raise scanner.expecting("a literal")
    hint = did_you_mean(word, ("True", "False", "None"))
    raise scanner.error(f'expected a literal, got "{word[:80]}"', at, word, hint)


def _number(scanner: Scanner) -> int | float:
    at = scanner.at
    found = _NUMBER.match(scanner.text, at)
    if found is None:
        word = scanner.word_at(at)
        raise scanner.error(f'bad number "{word[:80]}"', at, word)
    digits = found.group()
    if len(digits) > MAX_NUMBER_LENGTH:
        raise scanner.error(f"number longer than {MAX_NUMBER_LENGTH} characters", at, digits)
    value = number_from_text(digits)
    if value is None:
        raise scanner.error(f'number out of range "{digits}"', at, digits)
    scanner.at = found.end()
    return value


def parse_string(scanner: Scanner) -> str:
    """The string literal that comes next, unescaped; its pieces are joined once, so long ones stay linear."""
    text, start = scanner.text, scanner.at
    end = scanner.string_end(start)
    if end is None:
        raise scanner.error("string never ends, opened", start, text[start])
    pieces: list[str] = []
    at = start + 1
    while (escape := text.find("\\", at, end - 1)) != -1:
        pieces.append(text[at:escape])
        piece, at = _escape(scanner, escape)
        pieces.append(piece)
    pieces.append(text[at : end - 1])
    scanner.at = end
    return "".join(pieces)


def _escape(scanner: Scanner, at: int) -> tuple[str, int]:
    """What the escape at `at` stands for and where it ends; a surrogate pair is one escape."""
    letter = scanner.text[at + 1]
    if letter in _ESCAPES:
        return _ESCAPES[letter], at + 2
    digits = match(_HEX, scanner.text, at + 2).group() if letter == "u" else ""
    word = f"\\{letter}{digits}"
    if len(digits) < 4:
        raise scanner.error(f'unknown escape "{word}" (a backslash is written \\\\)', at, word)
    unit = int(digits, 16)
    if not 0xD800 <= unit <= 0xDFFF:
        return chr(unit), at + 6
    low = _LOW_SURROGATE.match(scanner.text, at + 6)
    if unit > 0xDBFF or low is None:
        raise scanner.error(f'lone surrogate "{word}"', at, word)
    return chr(0x10000 + (unit - 0xD800) * 0x400 + int(low[1], 16) - 0xDC00), at + 12
