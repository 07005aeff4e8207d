"""Multisets of n-grams and what two of them share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any


def ngrams(items: Sequence[Any], n: int) -> Counter[Any]:
    """Of a text its runs of characters, of a list its runs of words."""
    runs = (items[at : at + n] for at in range(len(items) - n + 1))
    return Counter(run if isinstance(run, str) else tuple(run) for run in runs)


def shared(one: Counter[Any], other: Counter[Any]) -> int:
    return (one & other).total()


def f1(common: int, given: int, wanted: int) -> float:
    if common == 0:
        return 0.0
    precision, recall = common / given, common / wanted
    return 2 * precision * recall / (precision + recall)
