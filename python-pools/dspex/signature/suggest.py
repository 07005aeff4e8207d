"""Did you mean: the nearest of the known words, or what another language calls the same thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

# Words of other languages and of typing's older spellings, in lower case.
_ELSEWHERE: Final[Mapping[str, str]] = {
    "string": "str",
    "text": "str",
    "char": "str",
    "integer": "int",
    "bigint": "int",
    "long": "int",
    "number": "float",
    "double": "float",
    "decimal": "float",
    "boolean": "bool",
    "binary": "bytes",
    "blob": "bytes",
    "timestamp": "datetime",
    "array": "list",
    "tuple": "list",
    "set": "list",
    "sequence": "list",
    "map": "dict",
    "mapping": "dict",
    "record": "dict",
    "object": "dict",
    "unknown": "Any",
    "json": "Any",
    "enum": "Literal",
    "nullable": "Optional",
    "maybe": "Optional",
    "min": "min_length",
    "max": "max_length",
    "minlength": "min_length",
    "maxlength": "max_length",
    "regex": "pattern",
    "minimum": "ge",
    "maximum": "le",
    "min_value": "ge",
    "max_value": "le",
    "gte": "ge",
    "lte": "le",
    "step": "multiple_of",
}
_MAX_WORD_LENGTH: Final = 32


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`, did you mean "str"?`, or nothing where no known word is near."""
    found = _nearest(word, known)
    return "" if found is None else f', did you mean "{found}"?'


def _nearest(word: str, known: Sequence[str]) -> str | None:
    if len(word) > _MAX_WORD_LENGTH:
        return None
    lower = word.lower()
    for candidate in known:
        if candidate.lower() == lower:
            return candidate
    elsewhere = _ELSEWHERE.get(lower)
    if elsewhere in known:
        return elsewhere
    if len(word) >= 3:
        for candidate in known:
            if candidate.lower().startswith(lower):
                return candidate
    best: str | None = None
    best_distance = min(2, len(word) // 2) + 1
    for candidate in known:
        distance = _edit_distance(lower, candidate.lower())
        if distance < best_distance:
            best, best_distance = candidate, distance
    return best


def _edit_distance(left: str, right: str) -> int:
    """Levenshtein's with neighbours swapped as one step; both words are at most some 32 characters."""
    before_previous: list[int] = []
    previous = list(range(len(right) + 1))
    for row, a in enumerate(left):
        current = [row + 1]
        for column, b in enumerate(right):
            steps = min(previous[column + 1] + 1, current[-1] + 1, previous[column] + (a != b))
            if row and column and a == right[column - 1] and left[row - 1] == b:
                steps = min(steps, before_previous[column - 1] + 1)
            current.append(steps)
        before_previous, previous = previous, current
    return previous[-1]
