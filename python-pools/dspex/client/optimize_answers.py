"""What is told of optimisations and of the versions of a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from dspex.messages import CanaryEvidence, WireError


class _Answer(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    pass


class Score(_Answer, frozen=True):
    """Share of right answers with its 95 % interval."""

    mean: float
    low: float
    high: float
    count: int
    """Of what there was: what it is."""
    implementation: str | None = None
    """Of what was found: how it asks."""
    params: Mapping[str, Any] | None = None


class Cost(_Answer, frozen=True):
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    time_ms: float


class OptimizationOutcome(_Answer, frozen=True):
    """What an optimisation found, on held-out examples."""

    program: str
    """Version that was to be improved."""
    parent: str
    improved: bool
    verdict: str
    optimizer: str
    metric: str
    trials: int
    base: Score
    cost: Cost
    best: Score | None = None
    difference: Score | None = None
    data_hash: str | None = None
    metric_failures: int = 0
    metric_failure: str | None = None
    budget_ended: str | None = None


class Best(_Answer, frozen=True):
    trial: int
    score: float


class OptimizationState(_Answer, frozen=True):
    run: str
    status: Literal["running", "finished", "failed", "cancelled"]
    program: str
    version: str
    tried: int
    trials: int
    calls: int
    """Score of what there was, and the best so far."""
    base: float | None = None
    best: Best | None = None
    report: OptimizationOutcome | None = None
    """Version that it made; None = nothing got better."""
    published: str | None = None
    error: WireError | None = None


class RegisteredVersion(_Answer, frozen=True):
    version: str
    by: str
    time: str
    sequence: int


class Withdrawal(_Answer, frozen=True):
    by: str
    reason: str | None = None


class PublishedVersion(_Answer, frozen=True):
    version: str
    parent: str
    run: str
    by: str
    time: str
    artifact: Mapping[str, str]
    report: Mapping[str, Any]
    withdrawn: Withdrawal | None = None


class PromotedVersion(_Answer, frozen=True):
    version: str
    previous: str
    base: str
    pinned: bool
    by: str


class CanaryVersion(_Answer, frozen=True):
    version: str
    base: str
    share: float
    max_outcomes: int
    by: str
    since: str
    evidence: CanaryEvidence | None = None


class VersionsInfo(_Answer, frozen=True):
    name: str
    current: str
    """As they were registered."""
    versions: Sequence[RegisteredVersion]
    """As optimisations made them."""
    published: Sequence[PublishedVersion]
    promoted: PromotedVersion | None = None
    canary: CanaryVersion | None = None
