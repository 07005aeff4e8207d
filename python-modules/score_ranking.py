"""The twin of the native program `score-ranking`: the same scores, for comparison of the two languages."""

from __future__ import annotations

import math
from typing import Any

import dspex


@dspex.program(
    "score-ranking",
    signature="""ranking: list[str](max_length=100000) "ids, best first",
    relevant: list[str](max_length=100000),
    k: int(ge=1) = 10
    -> precisionAtK: float, recallAtK: float, ndcgAtK: float,
    reciprocalRank: float, averagePrecision: float""",
)
def score_ranking(ranking: list[str], relevant: list[str], k: int) -> dict[str, Any]:
    """Judges a ranking: precision and recall at k, nDCG, reciprocal rank, average precision."""
    wanted = set(relevant)
    left = set(relevant)
    places = []
    for place, one in enumerate(ranking, 1):
        if one in left:
            left.remove(one)
            places.append(place)
    hits = sum(place <= k for place in places)
    ideal = sum(_discount(place) for place in range(1, min(k, len(wanted)) + 1))
    return {
        "precisionAtK": hits / k,
        "recallAtK": hits / len(wanted) if wanted else 0.0,
        "ndcgAtK": sum(_discount(place) for place in places if place <= k) / ideal if wanted else 0.0,
        "reciprocalRank": 1 / places[0] if places else 0.0,
        "averagePrecision": sum(n / place for n, place in enumerate(places, 1)) / len(wanted)
        if wanted
        else 0.0,
    }


def _discount(place: int) -> float:
    return 1 / math.log2(place + 1)
