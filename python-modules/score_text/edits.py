"""Edit distance (Levenshtein) in code points, in bits (Myers 1999, Hyyrö 2003): one whole number a column."""

from __future__ import annotations


def edit_similarity(one: str, other: str) -> float:
    """1 for the same texts, 0 where no character stays."""
    longer = max(len(one), len(other))
    return 1.0 if longer == 0 else 1 - edit_distance(one, other) / longer


def edit_distance(one: str, other: str) -> int:
    if not one or not other:
        return max(len(one), len(other))
    places: dict[str, int] = {}
    for at, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << at
    everywhere = (1 << len(one)) - 1
    last = 1 << (len(one) - 1)
    higher, lower, distance = everywhere, 0, len(one)
    for character in other:
        same = places.get(character, 0)
        steady = same | lower
        across = (((same & higher) + higher) ^ higher) | same
        up = (lower | ~(across | higher)) & everywhere
        down = higher & across
        distance += bool(up & last) - bool(down & last)
        up = (up << 1 | 1) & everywhere
        down = down << 1 & everywhere
        higher = (down | ~(steady | up)) & everywhere
        lower = up & steady
    return distance
