"""Work as this pool reads it. What only travels on into result or failure (decision, attempts, plan) is kept
as the bytes that came: never decoded, never encoded again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from dspex.messages import Usage


class WorkLog(msgspec.Struct):
    work: list[int]
    failures: list[int]


class Work(msgspec.Struct, rename="camel", kw_only=True):
    id: str
    attempt: int
    user: str
    program: str
    version: str
    implementation: str
    settings: dict[str, Any]
    inputs: msgspec.Raw
    session: str | None = None
    history: list[dict[str, Any]] | None = None
    previous_turn: str | None = None
    deadline_at: str
    stream: bool
    variables: dict[str, Any]
    plan: msgspec.Raw
    decision: msgspec.Raw
    request_sequence: int
    requested_at: str
    request_hash: str
    route_ms: float
    wait_ms: float = 0.0
    decode_ms: float = 0.0
    encode_ms: float = 0.0
    attempts: list[msgspec.Raw]
    log: WorkLog
    fallback_reason: str | None = None


class WorkEvent(msgspec.Struct, kw_only=True):
    id: str
    data: Work
    traceparent: str | None = None


class _Earlier(msgspec.Struct, rename="camel"):
    """Of an earlier attempt only what it used is looked at."""

    duration_ms: float
    usage: Usage | None = None


_work_decoder = msgspec.json.Decoder(WorkEvent)
_earlier_decoder = msgspec.json.Decoder(_Earlier)


def read_work(data: bytes) -> WorkEvent:
    """@raises msgspec.DecodeError"""
    return _work_decoder.decode(data)


def usage_of(attempt: msgspec.Raw) -> Usage | None:
    return _earlier_decoder.decode(attempt).usage


def duration_of(attempt: msgspec.Raw) -> float:
    """Milliseconds."""
    return _earlier_decoder.decode(attempt).duration_ms


def seconds(instant: str) -> float:
    """Seconds since 1970 of an RFC 3339 instant."""
    return datetime.fromisoformat(instant).timestamp()
