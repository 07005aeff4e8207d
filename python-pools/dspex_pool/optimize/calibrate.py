"""From likelihoods to labels, as the native choice call does it. Pure.

A model leans to some labels whatever it reads: how likely each is over other inputs is taken off first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

LEAST: Final = -100.0
FOLDS: Final = 4

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
    lifted = scores if means is None else tuple(one - mean for one, mean in zip(scores, means, strict=True))
    return max(range(len(lifted)), key=lambda index: (lifted[index], -index))


def pick_by_folds(scores: Sequence[Scores]) -> list[int]:
    """Each input is calibrated with those of the other folds: what is scored never takes part in it."""
    folds = min(FOLDS, len(scores))
    picked = []
    for index, one in enumerate(scores):
        others = [other for at, other in enumerate(scores) if at % folds != index % folds]
        picked.append(pick(one, means_of(others)))
    return picked
