"""From likelihoods to labels, as the native choice call does it. Pure.

A model leans to some labels whatever it reads: how likely each is over other inputs is taken off first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

LEAST: Final = -100.0

"""Log-probabilities by label, in the labels' order."""
Scores = tuple[float, ...]


def among_labels(scores: Sequence[float]) -> Scores:
    """As if only the labels could be said."""
    bounded = [max(score, LEAST) for score in scores]
    greatest = max(bounded)
    total = greatest + math.log(math.fsum(math.exp(score - greatest) for score in bounded))
    return tuple(max(score - total, LEAST) for score in bounded)


def means_of(scores: Sequence[Scores]) -> Scores | None:
    if not scores:
        return None
    return tuple(math.fsum(column) / len(scores) for column in zip(*scores, strict=True))


def pick(scores: Scores, means: Scores | None) -> int:
    """Index of the label that is likelier than usual, the first of equals."""
    likely = lifted(scores, means)
    return max(range(len(likely)), key=lambda index: (likely[index], -index))


def lifted(scores: Scores, means: Scores | None) -> Scores:
    """How much likelier each label is than usual, as if only the labels could be said."""
    if means is None:
        return among_labels(scores)
    return among_labels([one - mean for one, mean in zip(scores, means, strict=True)])


def weighed(scores: Sequence[Scores], weights: Sequence[float]) -> Scores:
    """What several prompts say of the same input, each by its weight."""
    return among_labels(
        [
            math.fsum(weight * score for score, weight in zip(column, weights, strict=True))
            for column in zip(*scores, strict=True)
        ]
    )
