"""What the API tells of pipelines and of their runs."""

from __future__ import annotations

from typing import Any, Literal

from dspex.message import Message
from dspex.messages import Usage, WireError

GraphFormat = Literal["terminal", "mermaid", "svg"]
RunStatus = Literal["running", "compensating", "succeeded", "failed", "cancelled"]


class PipelineProblem(Message, frozen=True, kw_only=True):
    """Something that is wrong with a definition."""

    # With the names of the stages around it: `summaries/sum`; None = the pipeline itself.
    stage: str | None = None
    # Where in the definition: `stages[2].inputs.text`.
    path: str
    message: str


class PipelineInfo(Message, frozen=True, kw_only=True):
    name: str
    # A user, or `shared`.
    owner: str
    # The newest.
    version: str
    versions: int
    description: str | None = None
    signature: str
    stages: int


class RunSummary(Message, frozen=True, kw_only=True):
    run: str
    pipeline: str
    version: str
    status: RunStatus
    started_at: str
    # Until now, of a run that is on.
    duration_ms: float
    percent: float
    error: WireError | None = None


class StageProgress(Message, frozen=True, kw_only=True):
    """All instances of a stage in the run together."""

    # Number in the definition, pre-order over all bodies.
    stage: int
    name: str
    # Names of the stages around it.
    within: list[str]
    kind: str
    status: Literal["waiting", "running", "backoff", "finished", "failed", "skipped", "cancelled"]
    started: int
    running: int
    finished: int
    failed: int
    skipped: int
    # Of a map: how many items there are.
    items: int | None = None
    # What it waits for: a signal's name.
    signal: str | None = None
    work_ms: float
    error: WireError | None = None


class RunProgress(Message, frozen=True, kw_only=True):
    run: str
    pipeline: str
    version: str
    status: RunStatus
    percent: float
    started_at: str
    duration_ms: float
    stages: list[StageProgress]
    # Runs that it has started.
    children: list[str]
    # Signals that came and were not awaited yet.
    signals: list[str]
    error: WireError | None = None


class RunEvent(Message, frozen=True, kw_only=True):
    """One event of a run. `verb` says what happened first in it; `data["steps"]` all of it."""

    sequence: int
    time: str
    verb: str
    data: dict[str, Any]


class RunTimings(Message, frozen=True, kw_only=True):
    total_ms: float
    # Sum of what its requests ran, and of what they waited.
    work_ms: float
    wait_ms: float


class PipelineResult(Message, frozen=True, kw_only=True):
    """How a run ended. `outputs` have Python's values where the pipeline's signature is known."""

    run: str
    pipeline: str
    version: str
    status: Literal["succeeded", "failed", "cancelled"]
    outputs: dict[str, Any] | None = None
    error: WireError | None = None
    # Of the stage that made it fail.
    failed_stage: str | None = None
    stages: list[dict[str, Any]]
    # Of a run that did not succeed: what finished, and why others did not.
    partial: dict[str, Any] | None = None
    # Branches that were decided: `choose[0]`, `route[fallback]`.
    path_taken: list[str]
    fallback_reason: str | None = None
    usage: Usage
    timings: RunTimings
    # Work by time.
    parallel_speedup: float
    started_at: str
