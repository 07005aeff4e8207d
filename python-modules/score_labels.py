"""The twin of the native program `score-labels`: the same report, for comparison of the two languages."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final

import dspex

MAX_LABELS: Final = 2_000


@dspex.program(
    "score-labels",
    signature="""truth: list[str](min_length=1, max_length=100000),
    predicted: list[str](max_length=100000)
    -> accuracy: float, balancedAccuracy: float, macroF1: float, weightedF1: float,
    matthewsCorrelation: float, cohenKappa: float | None "none where all labels are one",
    classes: list[{label: str, precision: float, recall: float, f1: float, support: int}]""",
)
def score_labels(truth: list[str], predicted: list[str]) -> dict[str, Any]:
    """Reports on predicted labels: accuracy, F1 by class, agreement beyond chance."""
    if len(truth) != len(predicted):
        message = f"as many true as predicted labels are needed: {len(truth)} and {len(predicted)}"
        raise dspex.DspexError("invalid_inputs", message)
    count = len(truth)
    labels = sorted({*truth, *predicted})
    if len(labels) > MAX_LABELS:
        raise dspex.DspexError("invalid_inputs", f"{len(labels)} different labels: at most {MAX_LABELS}")
    occurring, said = Counter(truth), Counter(predicted)
    right = Counter(label for label, other in zip(truth, predicted, strict=True) if label == other)
    classes: list[dict[str, Any]] = [
        {
            "label": label,
            "precision": _share(right[label], said[label]),
            "recall": _share(right[label], occurring[label]),
            "f1": _share(2 * right[label], said[label] + occurring[label]),
            "support": occurring[label],
        }
        for label in labels
    ]
    by_chance = sum(occurring[label] * said[label] for label in labels)
    agreed = right.total()
    spread = (count**2 - sum(n * n for n in occurring.values())) * (
        count**2 - sum(n * n for n in said.values())
    )
    return {
        "accuracy": agreed / count,
        "balancedAccuracy": sum(one["recall"] for one in classes if one["support"]) / len(occurring),
        "macroF1": sum(one["f1"] for one in classes) / len(classes),
        "weightedF1": sum(one["support"] * one["f1"] for one in classes) / count,
        "matthewsCorrelation": (agreed * count - by_chance) / math.sqrt(spread) if spread else 0.0,
        "cohenKappa": None
        if by_chance == count**2
        else (agreed * count - by_chance) / (count**2 - by_chance),
        "classes": classes,
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
