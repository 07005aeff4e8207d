"""Texts made comparable, and their sentences: the same as in TypeScript."""

# ruff: noqa: RUF001 # signs of many scripts

from __future__ import annotations

import re
import unicodedata
from typing import Final

import regex  # type: ignore[import-untyped]

from .verdict import SPACE, SPACES

Sentence = tuple[int, int]

_REPLACED: Final = (
    (re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]"), ""),
    (re.compile("[\u2018\u2019\u201a\u201b\u02bc\u2032]"), "'"),
    (re.compile("[\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033]"), '"'),
    (re.compile("[\u2010-\u2015\u2212]"), "-"),
)
_ENDS: Final = frozenset(".!?…。！？")
_CLOSERS: Final = frozenset("\"'”’»)]")
_ABBREVIATION_WORDS: Final = """e.g i.e cf vs dr mr mrs ms prof st no nr fig eq al approx ca z.b d.h u.a
bzw evtl ggf inkl jr sr inc ltd"""
_ABBREVIATIONS: Final = frozenset(_ABBREVIATION_WORDS.split())
_MARK: Final = re.compile(r"[ \t]{0,2}\[\^?[0-9]{1,4}(?:[ ]?[,\u2013-][ ]?[0-9]{1,4}){0,19}\]")
_WORD_START: Final = re.compile(f"[{SPACE}(\"'\u201c]")
_LETTER_OR_DIGIT: Final = regex.compile(r"[\p{L}\p{N}]")


def plain_text(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    for pattern, instead in _REPLACED:
        plain = pattern.sub(instead, plain)
    return " ".join(plain.lower().split())


def words_in(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def sentences_of(text: str) -> list[Sentence]:
    found: list[Sentence] = []
    start = at = 0
    while at < len(text):
        if text[at] == "\n":
            _add(found, text, start, at)
            at += 1
            start = at
        elif text[at] in _ENDS:
            end = _end_behind(text, at)
            if _is_end(text, at, end):
                _add(found, text, start, end)
                start = end
            at = end
        else:
            at += 1
    _add(found, text, start, len(text))
    return found


def _end_behind(text: str, at: int) -> int:
    for signs in (_ENDS, _CLOSERS):
        while at < len(text) and text[at] in signs:
            at += 1
    while (mark := _MARK.match(text, at)) is not None:
        at = mark.end()
    return at


def _is_end(text: str, sign: int, end: int) -> bool:
    if end >= len(text):
        return True
    if ord(text[sign]) <= 0x3000 and text[end] not in SPACES:
        return False
    if text[sign] != "." or text[sign + 1 : sign + 2] == ".":
        return True
    word = _WORD_START.split(text[max(0, sign - 12) : sign])[-1]
    if regex.fullmatch(r"\p{Lu}", word) or word.lower() in _ABBREVIATIONS:
        return False
    following = end
    while following < min(len(text), end + 2) and text[following] in SPACES:
        following += 1
    return regex.match(r"\p{Ll}", text[following : following + 1]) is None


def _add(found: list[Sentence], text: str, start: int, end: int) -> None:
    while start < end and text[start] in SPACES:
        start += 1
    while end > start and text[end - 1] in SPACES:
        end -= 1
    if _LETTER_OR_DIGIT.search(text, start, end):
        found.append((start, end))
