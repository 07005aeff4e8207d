"""Where the sentences of a text end, by Unicode's annex 29, which the native program's segmenter follows.

A sentence takes the white space behind it along; a line's end is a sentence's end.
"""

from __future__ import annotations

from typing import Final

import regex  # type: ignore[import-untyped]

_CLASSES: Final = (
    "CR LF Sep Extend Format Sp Lower Upper OLetter Numeric ATerm SContinue STerm Close".split()  # noqa: SIM905
)
_CLASS: Final = regex.compile(
    "|".join(rf"(?P<{name}>\p{{Sentence_Break={name}}})" for name in _CLASSES) + "|(?P<Other>.)", regex.DOTALL
)
_PARAGRAPH: Final = frozenset(("CR", "LF", "Sep"))
_TERMS: Final = frozenset(("ATerm", "STerm"))
_LETTERS: Final = frozenset(("OLetter", "Upper", "Lower"))
_STOPS: Final = _LETTERS | _PARAGRAPH | _TERMS

Sign = tuple[str, int]
"""Class of a character, and where it starts."""


def sentence_ends(text: str) -> list[int]:
    signs = _signs(text)
    ends: list[int] = []
    at = 0
    while at < len(signs):
        kind = signs[at][0]
        following = at + 1
        if kind in _PARAGRAPH:
            if kind == "CR" and _kind(signs, following) == "LF":
                following += 1
            ends.append(_place(signs, following, text))
        elif kind in _TERMS:
            following = _behind(signs, following, "Close")
            following = _behind(signs, following, "Sp")
            if _is_end(signs, at, following):
                ends.append(_place(signs, following, text))
        at = following
    if text and (not ends or ends[-1] < len(text)):
        ends.append(len(text))
    return ends


def _signs(text: str) -> list[Sign]:
    """Marks and format characters belong to the character before them, but not to a line's end."""
    signs: list[Sign] = []
    for found in _CLASS.finditer(text):
        kind = found.lastgroup or "Other"
        if kind in ("Extend", "Format"):
            if signs and signs[-1][0] not in _PARAGRAPH:
                continue
            kind = "Other"
        signs.append((kind, found.start()))
    return signs


def _is_end(signs: list[Sign], term: int, following: int) -> bool:
    kind = _kind(signs, following)
    # At a line's end the line ends it.
    if kind is None or kind in _PARAGRAPH or kind == "SContinue" or kind in _TERMS:
        return False
    if signs[term][0] == "STerm":
        return True
    if following == term + 1:
        before = signs[term - 1][0] if term > 0 else None
        if kind == "Numeric" or (kind == "Upper" and before in ("Upper", "Lower")):
            return False
    while following < len(signs) and signs[following][0] not in _STOPS:
        following += 1
    return _kind(signs, following) != "Lower"


def _behind(signs: list[Sign], at: int, kind: str) -> int:
    while _kind(signs, at) == kind:
        at += 1
    return at


def _kind(signs: list[Sign], at: int) -> str | None:
    return signs[at][0] if at < len(signs) else None


def _place(signs: list[Sign], at: int, text: str) -> int:
    return signs[at][1] if at < len(signs) else len(text)
