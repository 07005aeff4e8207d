"""What a search says of itself: what was measured, how sure that is, what it cost. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dspex_pool.optimize.intervals import Interval
from dspex_pool.optimize.splits import Splits
from dspex_pool.optimize.steps import Trial
from dspex_pool.optimize.variables.job import Job, Measure
from dspex_pool.optimize.variables.measure import Rows, dominates, gains, intervals, is_better

"""What a trial that compares calls the measures of the values before."""
BEFORE: Final = "before."
"""Trials of a front that are told."""
MAX_FRONT: Final = 64


@dataclass(frozen=True, slots=True)
class Told:
    """All steps, the base first; why the metric threw and the search ended early, if so."""

    done: Sequence[Trial]
    metric_failure: str | None
    budget_ended: str | None


def report_of(
    job: Job,
    splits: Splits,
    told: Told,
    winner: Trial | None,
    compared: Trial | None,
    verdict: str,
) -> dict[str, Any]:
    """`verdict`: unless the winner is surely better. `compared`: None = it was not measured on held-out."""
    base, trials = told.done[0], [one for one in told.done if one.step == "candidate"]
    feasible = [one for one in trials if not one.infeasible]
    report: dict[str, Any] = {
        "run": job.run,
        "metric": job.metric,
        "objectives": list(job.objectives),
        "seed": job.seed,
        "dataHash": splits.data_hash,
        "examples": {
            "train": len(splits.train),
            "validation": len(splits.validation),
            "test": len(splits.test),
            "duplicates": splits.duplicates,
        },
        "trials": len(feasible),
        "infeasible": len(trials) - len(feasible),
        "improved": False,
        "verdict": verdict,
        "base": {"values": job.base, "objectives": intervals(base.measures or {})},
        # As the last step recorded it: the same however often this is made.
        "cost": told.done[-1].spent,
        "unanswered": sum(one.unanswered for one in told.done),
        "metricFailures": sum(one.metric_failures for one in told.done),
    }
    if told.metric_failure is not None:
        report["metricFailure"] = told.metric_failure
    if told.budget_ended is not None:
        report["budgetEnded"] = told.budget_ended
    if len(job.objectives) > 1:
        report["front"] = [
            {"trial": one.trial, "values": one.params, "objectives": one.objectives}
            for one in front_of(job.objectives, [base, *feasible])[:MAX_FRONT]
        ]
    if winner is None:
        return report
    found = {"trial": winner.trial, "values": winner.params}
    if compared is None:
        return {**report, "best": {**found, "objectives": intervals(winner.measures or {})}}
    after, before = parts_of(compared)
    gained = gains(job.objectives, after, before)
    improved = is_better(gained)
    return {
        **report,
        "improved": improved,
        "verdict": "improved" if improved else verdict,
        "base": {"values": job.base, "objectives": intervals(before)},
        "best": {**found, "objectives": intervals(after)},
        "differences": to_json(gained),
    }


def front_of(objectives: Sequence[Measure], trials: Sequence[Trial]) -> list[Trial]:
    """Those that none is better than in all."""
    means = [one.objectives or {} for one in trials]
    return [
        one
        for one, own in zip(trials, means, strict=True)
        if not any(dominates(objectives, other, own) for other in means)
    ]


def parts_of(compared: Trial) -> tuple[Rows, Rows]:
    """What was measured with the new values, and with those before."""
    rows = compared.measures or {}
    after = {name: row for name, row in rows.items() if not name.startswith(BEFORE)}
    before = {name.removeprefix(BEFORE): row for name, row in rows.items() if name.startswith(BEFORE)}
    return after, before


def to_json(found: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: interval.to_json() for name, interval in found.items()}
