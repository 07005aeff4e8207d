"""What the API tells of variables: values with their bounds, past changes, and what a command changed."""

from __future__ import annotations

from typing import Any, Literal

from dspex.message import Message
from dspex.messages import VariableChange, VariableMetric

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
