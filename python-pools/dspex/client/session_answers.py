"""What the API tells of sessions."""

from __future__ import annotations

from typing import Any, Literal

from dspex.message import Message
from dspex.messages import TurnLog, Usage


class SessionLatency(Message, frozen=True, kw_only=True):
    mean: float
    max: float
    last: float


class SessionAffinity(Message, frozen=True, kw_only=True):
    """Turns that were answered where the program's turn before was: by the same worker, and in the same slot
    of the model's server where it has such; of those that had a turn before them.
    """

    hits: int
    of: int
    rate: float


class SessionTrend(Message, frozen=True, kw_only=True):
    """The newest eight turns beside the eight before them; latency 1.5 = half as long again."""

    latency: float | None = None
    success_rate: float


class SessionProgramPerformance(Message, frozen=True, kw_only=True):
    """Of the turns that were one program's."""

    turns: int
    success_rate: float
    # Of turns that succeeded.
    mean_ms: float | None = None
    affinity: SessionAffinity | None = None


class SessionPerformance(Message, frozen=True, kw_only=True):
    turns: int
    success_rate: float | None = None
    # Of turns that succeeded.
    latency_ms: SessionLatency | None = None
    input_tokens: int
    output_tokens: int
    cost_usd: float
    # Share of the successes that each implementation gave.
    implementations: dict[str, float]
    # By program; the ninth and further share `other`.
    programs: dict[str, SessionProgramPerformance]
    affinity: SessionAffinity | None = None
    trend: SessionTrend | None = None


class SessionOrigin(Message, frozen=True, kw_only=True):
    session: str
    turn: int


class SessionInfo(Message, frozen=True, kw_only=True):
    session: str
    status: Literal["open", "closed", "expired", "erased"]
    opened_at: str
    # Last request, turn or command.
    active_at: str
    ttl_ms: int
    turns: int
    # Requests that have no turn yet.
    open_turns: int
    # 0 = none was set.
    context_version: int
    forked_from: SessionOrigin | None = None
    performance: SessionPerformance
    # Its bytes are still being erased.
    erasing: bool = False


class SessionTurn(Message, frozen=True, kw_only=True):
    """One turn: a request within the session and how it ended."""

    turn: int
    # Of the request.
    id: str
    status: Literal["succeeded", "failed", "cancelled"]
    program: str
    version: str | None = None
    implementation: str | None = None
    # `<pool>/<worker>` that answered.
    worker: str | None = None
    # Slot of the model's server that was used.
    slot: int | None = None
    # Of a turn that succeeded, in wire form.
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    error_code: str | None = None
    usage: Usage
    total_ms: float
    context_version: int
    log: TurnLog
    # Of the turn's event in the log.
    sequence: int
    time: str


class SessionContext(Message, frozen=True, kw_only=True):
    context: dict[str, Any]
    # 0 = none was set.
    version: int


class SessionErasure(Message, frozen=True, kw_only=True):
    # Messages whose bytes are gone.
    messages: int
    # Requests that still ran: what comes of them is erased when it comes.
    running: int


class UserErasure(Message, frozen=True, kw_only=True):
    sessions: int
    # Messages whose bytes are gone, those of the sessions among them.
    messages: int
    # Requests, and runs of pipelines, that still ran: what comes of them is erased when it comes.
    running: int
