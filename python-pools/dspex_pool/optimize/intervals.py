"""How sure one may be of a share of right answers, and of the difference of two. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Z: Final = 1.96
RESAMPLES: Final = 2_000
"""Before so many scores nothing is hopeless."""
LEAST_SEEN: Final = 16


@dataclass(frozen=True, slots=True)
class Interval:
    mean: float
    low: float
    high: float
    count: int

    def to_json(self) -> dict[str, float | int]:
        return {"mean": self.mean, "low": self.low, "high": self.high, "count": self.count}


def interval_of(scores: Sequence[float]) -> Interval:
    """Wilson's at 95 % where every score is right or wrong, else by bootstrap."""
    count = len(scores)
    mean = math.fsum(scores) / count
    if any(score not in (0.0, 1.0) for score in scores):
        low, high = _bootstrap(scores)
        return Interval(mean, low, high, count)
    square = Z * Z
    middle = (mean + square / (2 * count)) / (1 + square / count)
    half = Z * math.sqrt(mean * (1 - mean) / count + square / (4 * count * count)) / (1 + square / count)
    return Interval(mean, max(0.0, middle - half), min(1.0, middle + half), count)


def is_hopeless(scores: Sequence[float], needed: float) -> bool:
    """Whether it would be a wonder if the mean of all were as much as needed."""
    return len(scores) >= LEAST_SEEN and interval_of(scores).high < needed


def difference_of(better: Sequence[float], worse: Sequence[float]) -> Interval:
    """Of the same examples, pair by pair, by bootstrap."""
    differences = [one - other for one, other in zip(better, worse, strict=True)]
    low, high = _bootstrap(differences)
    return Interval(math.fsum(differences) / len(differences), low, high, len(differences))


def _bootstrap(values: Sequence[float]) -> tuple[float, float]:
    # Seeded: the same scores have the same interval.
    chance = random.Random(0)  # noqa: S311
    count = len(values)
    means = sorted(math.fsum(chance.choices(values, k=count)) / count for _ in range(RESAMPLES))
    return means[int(RESAMPLES * 0.025)], means[int(RESAMPLES * 0.975) - 1]
