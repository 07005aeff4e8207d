"""ROUGE-1, -2, -L and -Lsum, F1, as rouge-score 0.1.2 has them without a stemmer.

The table of common subsequences is in bits (Hyyrö 2004): one whole number a row, 0 where one more word of the
prediction makes the common part longer.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from .ngrams import f1, ngrams, shared

_WORD: Final = re.compile("[a-z0-9]+")


def rouge(kind: str, prediction: str, reference: str) -> float:
    if kind == "rougeLsum":
        return _summary(_lines(prediction), _lines(reference))
    given, wanted = _words(prediction), _words(reference)
    if kind == "rougeL":
        common = _zeros(_rows(wanted, given)[-1], len(given))
        return f1(common, len(given), len(wanted))
    n = int(kind.removeprefix("rouge"))
    one, other = ngrams(given, n), ngrams(wanted, n)
    return f1(shared(one, other), one.total(), other.total())


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _lines(text: str) -> list[list[str]]:
    return [_words(line) for line in text.split("\n")]


def _summary(given: list[list[str]], wanted: list[list[str]]) -> float:
    left_of_given = Counter(word for sentence in given for word in sentence)
    left_of_wanted = Counter(word for sentence in wanted for word in sentence)
    sizes = left_of_given.total(), left_of_wanted.total()
    hits = 0
    for sentence in wanted:
        for at in sorted({place for one in given for place in _places(sentence, one)}):
            word = sentence[at]
            if left_of_given[word] > 0 and left_of_wanted[word] > 0:
                hits += 1
                left_of_given[word] -= 1
                left_of_wanted[word] -= 1
    return f1(hits, *sizes)


def _rows(one: list[str], other: list[str]) -> list[int]:
    columns: dict[str, int] = {}
    for at, word in enumerate(other):
        columns[word] = columns.get(word, 0) | 1 << at
    everywhere = (1 << len(other)) - 1
    rows = [everywhere]
    for word in one:
        above, here = rows[-1], columns.get(word, 0)
        rows.append(((above + (above & here)) | (above & ~here)) & everywhere)
    return rows


def _zeros(row: int, count: int) -> int:
    """Among the first `count` bits."""
    return count - (row & ((1 << count) - 1)).bit_count()


def _places(one: list[str], other: list[str]) -> list[int]:
    """Where one of the longest common subsequences lies in the first list."""
    rows = _rows(one, other)
    places = []
    i, j = len(one), len(other)
    while i > 0 and j > 0:
        if one[i - 1] == other[j - 1]:
            places.append(i - 1)
            i, j = i - 1, j - 1
        elif _zeros(rows[i], j - 1) > _zeros(rows[i - 1], j):
            j -= 1
        else:
            i -= 1
    return places
