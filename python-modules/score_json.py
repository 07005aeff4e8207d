"""The twin of the native program `score-json`: the same scores, for comparison of the two languages."""

from __future__ import annotations

from typing import Any, Final

from score_text.edits import edit_similarity

import dspex

MAX_DEPTH: Final = 128


@dspex.program(
    "score-json",
    signature="""wanted: Any, given: Any,
    leaves: Literal["near", "same"] = "near" "whether what is nearly the same counts"
    -> similarity: float(ge=0, le=1), same: bool""",
)
def score_json(wanted: Any, given: Any, leaves: str) -> dict[str, Any]:
    """Compares two JSON values by their structure."""
    return {"similarity": _similarity(wanted, given, leaves == "near", 0), "same": _is_same(wanted, given)}


def _similarity(one: Any, other: Any, near: bool, depth: int) -> float:
    if depth > MAX_DEPTH:
        raise dspex.DspexError("invalid_inputs", f"JSON is nested deeper than {MAX_DEPTH} levels")
    if isinstance(one, list) and isinstance(other, list):
        places = max(len(one), len(other))
        alike = [_similarity(left, right, near, depth + 1) for left, right in zip(one, other, strict=False)]
        return sum(alike) / places if places else 1.0
    if isinstance(one, dict) and isinstance(other, dict):
        keys = {**one, **other}
        alike = [
            _similarity(one[key], other[key], near, depth + 1) for key in keys if key in one and key in other
        ]
        return sum(alike) / len(keys) if keys else 1.0
    if _is_same(one, other):
        return 1.0
    if near and isinstance(one, str) and isinstance(other, str):
        return edit_similarity(one, other)
    return _nearness(one, other) if near and _is_number(one) and _is_number(other) else 0.0


def _nearness(one: float, other: float) -> float:
    # In halves: the sum of two large numbers may not be finite.
    left, right = float(one) / 2, float(other) / 2
    return 1 - abs(left - right) / (abs(left) + abs(right))


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    if _is_number(one) and _is_number(other):
        return bool(one == other)
    return type(one) is type(other) and bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
