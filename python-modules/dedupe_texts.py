"""The twin of the native program `dedupe-texts`: the same groups, for comparison of the two languages.

Near duplicates are looked for among texts of which MinHash (128 hashes, 32 bands of 4) agrees in one band.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Final

import numpy as np
from search_text import words

import dspex

HASHES: Final = 128
ROWS: Final = 4
WORDS: Final = 3

Words = np.ndarray[Any, np.dtype[np.uint32]]


@dspex.program(
    "dedupe-texts",
    signature="""texts: list[str](max_length=10000),
    near: float(ge=0.5, le=1) | None "least share of common runs of three words; none = exact duplicates only"
    -> groups: list[list[int]] "places in the list, the first of each group is the first that said it",
    unique: list[str]""",
)
def dedupe_texts(texts: list[str], near: float | None = None) -> dict[str, Any]:
    """Groups texts that are the same, or nearly, and keeps the first of each."""
    roots = list(range(len(texts)))
    firsts: dict[str, int] = {}
    for at, text in enumerate(texts):
        roots[at] = firsts.setdefault(_plain(text), at)
    if near is not None:
        _join_near(texts, list(firsts.values()), roots, near)
    groups: dict[int, list[int]] = {}
    for at in range(len(texts)):
        groups.setdefault(_root(roots, at), []).append(at)
    found = list(groups.values())
    return {"groups": found, "unique": [texts[group[0]] for group in found]}


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def _join_near(texts: list[str], places: list[int], roots: list[int], near: float) -> None:
    shingles: dict[int, set[str]] = {}
    buckets: dict[tuple[int, bytes], list[int]] = {}
    for at in places:
        own = _shingles(texts[at])
        if not own:
            continue
        shingles[at] = own
        least = _min_hash(own)
        for band in range(0, HASHES, ROWS):
            bucket = buckets.setdefault((band, least[band : band + ROWS].tobytes()), [])
            for other in bucket:
                one, two = _root(roots, at), _root(roots, other)
                if one != two and _jaccard(own, shingles[other]) >= near:
                    roots[max(one, two)] = min(one, two)
            bucket.append(at)


def _shingles(text: str) -> set[str]:
    said = words(text)
    if 0 < len(said) < WORDS:
        return {" ".join(said)}
    return {" ".join(said[at : at + WORDS]) for at in range(len(said) - WORDS + 1)}


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)


def _root(roots: list[int], at: int) -> int:
    while roots[at] != at:
        at = roots[at]
    return at


def _min_hash(items: set[str]) -> Words:
    hashes = np.array([_hash(item) for item in items], dtype=np.uint32)
    least: Words = _mixed(hashes[:, None] ^ _SEEDS[None, :]).min(axis=0)
    return least


def _hash(text: str) -> int:
    """FNV-1a over units of UTF-16, mixed."""
    state = 0x811C9DC5
    data = text.encode("utf-16-le")
    for at in range(0, len(data), 2):
        state = ((state ^ (data[at] | data[at + 1] << 8)) * 0x01000193) & 0xFFFFFFFF
    return int(_mixed(np.array([state], dtype=np.uint32))[0])


def _mixed(words: Words) -> Words:
    """The finaliser of MurmurHash3."""
    mixed = (words ^ (words >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return mixed ^ (mixed >> np.uint32(16))


_SEEDS: Final = _mixed(
    (np.arange(1, HASHES + 1, dtype=np.uint64) * 0x9E3779B9 & 0xFFFFFFFF).astype(np.uint32)
)
