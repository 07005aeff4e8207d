"""What the API tells of variables: values with their bounds, past changes, what a command changed, and how
searches for better values are doing.
"""

from __future__ import annotations

from typing import Any, Literal

from dspex.message import Message
from dspex.messages import VariableChange, VariableMetric, WireError

Status = Literal["active", "deprecated"]


class VariableInfo(Message, frozen=True, kw_only=True):
    """`version` counts the variable's changes from 1; `time` and `by` are of the last one."""

    name: str
    value: Any
    version: int
    status: Status
    definition: dict[str, Any]
    # What is to be used instead of a deprecated one.
    replaced_by: str | None = None
    time: str | None = None
    by: str | None = None


class VariableDetails(VariableInfo, frozen=True, kw_only=True):
    """`needed_by`: those that are computed from it, constrained with it, or declared to depend on it."""

    sequence: int
    depends_on: list[str]
    needed_by: list[str]


class PastChange(Message, frozen=True, kw_only=True):
    """`value` is None for a large one whose event the log has forgotten."""

    version: int
    sequence: int
    time: str
    verb: Literal["registered", "changed", "reset", "deprecated"]
    by: str
    reason: str | None = None
    metric: VariableMetric | None = None
    value: Any = None


class CommandAnswer(Message, frozen=True, kw_only=True):
    """`changed` is False where everything is so already; `changes` has also what follows from the given."""

    changed: bool
    changes: list[VariableChange]
    sequence: int


class ListPage(Message, frozen=True, kw_only=True):
    sequence: int
    variables: list[VariableInfo]
    after: str | None = None


class HistoryPage(Message, frozen=True, kw_only=True):
    name: str
    changes: list[PastChange]
    before: int | None = None


class Interval(Message, frozen=True, kw_only=True):
    """Mean with its 95 % interval, of so many examples."""

    mean: float
    low: float
    high: float
    count: int


class MeasuredValues(Message, frozen=True, kw_only=True):
    """What was measured with some values, on held-out examples. `trial` is None for those before."""

    values: dict[str, Any]
    objectives: dict[str, Interval]
    trial: int | None = None


class OptimizationReport(Message, frozen=True, kw_only=True):
    """`improved`: surely better in one objective, and surely worse in none. `differences`: gain in each,
    example by example; above 0 is better, whatever is measured. `front`: with several objectives, trials of
    which none is better than another in all.
    """

    improved: bool
    verdict: str
    trials: int
    infeasible: int
    base: MeasuredValues
    cost: dict[str, float]
    best: MeasuredValues | None = None
    differences: dict[str, Interval] | None = None
    front: list[dict[str, Any]] | None = None
    unanswered: int = 0
    metric_failures: int = 0
    metric_failure: str | None = None
    budget_ended: str | None = None


class OptimizationInfo(Message, frozen=True, kw_only=True):
    """One search for better values, as far as it is. `position` counts from 1 while it waits, behind the runs
    `waits_for`; `checking` = its values are in force, and are measured once more.
    """

    run: str
    user: str
    program: str
    variables: list[str]
    objectives: list[str]
    metric: str
    trials: int
    priority: int
    status: Literal["queued", "running", "checking", "finished", "failed", "cancelled"]
    tried: int
    infeasible: int
    calls: int
    queued_at: str
    started_at: str | None = None
    # Then its variables are others', whatever has become of it.
    lease_ends_at: str | None = None
    position: int | None = None
    waits_for: list[str] | None = None
    # Changes whenever the run moves.
    moved: int | None = None
    baseline: dict[str, float] | None = None
    best: dict[str, Any] | None = None
    report: OptimizationReport | None = None
    applied: bool | None = None
    rolled_back: bool | None = None
    check: dict[str, Any] | None = None
    # Why the best values are not in force, where they were to be.
    why: str | None = None
    error: WireError | None = None


class OptimizationList(Message, frozen=True, kw_only=True):
    optimizations: list[OptimizationInfo]
