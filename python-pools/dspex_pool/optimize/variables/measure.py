"""Answers → what they are worth: means, values of each example, and which of two sets of values is better.
Pure but for the metric.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dspex.errors import DspexError
from dspex_pool.optimize.intervals import Interval, difference_of, interval_of
from dspex_pool.optimize.metrics import Judge
from dspex_pool.optimize.splits import Example
from dspex_pool.optimize.variables.ask import Answer
from dspex_pool.optimize.variables.job import Measure

"""By measure: what each example got."""
Rows = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Measured:
    rows: dict[str, list[float]]
    """Answers that were none; they score 0."""
    unanswered: int
    first_error: str | None

    @property
    def means(self) -> dict[str, float]:
        return {name: mean_of(values) for name, values in self.rows.items()}


def measure(
    judge: Judge, objectives: Sequence[Measure], examples: Sequence[Example], answers: Sequence[Answer]
) -> Measured:
    """@raises DspexError where money counts and nobody says what it costs."""
    wanted = ["quality", *(name for name in objectives if name != "quality")]
    quality = [
        0.0 if answer.outputs is None else judge.score(example.outputs, answer.outputs, example.inputs)
        for example, answer in zip(examples, answers, strict=True)
    ]
    if "costUsd" in wanted and all(answer.cost_usd is None for answer in answers):
        raise DspexError(
            "invalid_inputs",
            "no request told what it cost: give its model prices, or measure tokens",
            path="objective.measures",
        )
    taken: dict[str, list[float]] = {
        "quality": quality,
        "latencyMs": [answer.latency_ms for answer in answers],
        "tokens": [float(answer.tokens) for answer in answers],
        "costUsd": [answer.cost_usd or 0.0 for answer in answers],
    }
    errors = [answer.error for answer in answers if answer.outputs is None]
    rows = {name: [_short(value) for value in taken[name]] for name in wanted}
    return Measured(rows, len(errors), next((error for error in errors if error), None))


def intervals(rows: Rows) -> dict[str, Any]:
    return {name: interval_of(values).to_json() for name, values in rows.items()}


def gains(objectives: Sequence[Measure], after: Rows, before: Rows) -> dict[str, Interval]:
    """Example by example; above 0 is better, whatever is measured."""
    return {
        name: difference_of(after[name], before[name])
        if name == "quality"
        else difference_of(before[name], after[name])
        for name in objectives
    }


def is_better(found: Mapping[str, Interval]) -> bool:
    """Surely in one objective, and surely worse in none."""
    return any(one.low > 0 for one in found.values()) and not is_worse(found)


def is_worse(found: Mapping[str, Interval]) -> bool:
    return any(one.high < 0 for one in found.values())


def score_of(objectives: Sequence[Measure], means: Mapping[str, float], base: Mapping[str, float]) -> float:
    """One figure to rank by, higher is better: the mean itself, or of several the sum of their gains, each in
    proportion to what there was (quality as it is).
    """
    if len(objectives) == 1:
        [name] = objectives
        return means[name] if name == "quality" else -means[name]
    return math.fsum(
        means[name] - base[name]
        if name == "quality"
        else (base[name] - means[name]) / (abs(base[name]) or 1.0)
        for name in objectives
    )


def dominates(objectives: Sequence[Measure], one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """At least as good in all, and better in one."""
    pairs = [
        (one[name], other[name]) if name == "quality" else (-one[name], -other[name]) for name in objectives
    ]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def mean_of(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _short(value: float) -> float:
    return float(f"{value:.6g}")
