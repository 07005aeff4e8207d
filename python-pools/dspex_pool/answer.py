"""The events that an attempt ends in, as bytes. Pure: ids and times come in.

succeeded ─▶ dspex.result.stored.v1     failed ─▶ dspex.attempt.failed.v1
succeeded, but another had answered ─▶ dspex.request.superseded.v1
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from dspex.messages import Usage, WireError
from dspex_pool.part_times import Parts
from dspex_pool.work_message import Work, WorkLog, duration_of, seconds, usage_of

RESULT_TYPE: Final = "dspex.result.stored.v1"
ATTEMPT_FAILED_TYPE: Final = "dspex.attempt.failed.v1"
SUPERSEDED_TYPE: Final = "dspex.request.superseded.v1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt runs."""

    pool: str
    worker: str

    @property
    def source(self) -> str:
        return f"pool-{self.pool}/{self.worker}"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes an event this one: a retry of its publish carries the same."""

    event_id: str
    time: str
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Ran:
    """One attempt that is over."""

    """Seconds since 1970."""
    started_at: float
    started_text: str
    """Measured by a clock that nobody sets."""
    duration_ms: float
    usage: Usage | None
    """Slot of the model's server that its calls used."""
    slot: int | None = None
    """What was measured of it and of the time before it."""
    parts: Parts = field(default_factory=Parts)


class _Struct(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    pass


class _Timings(_Struct, kw_only=True):
    queue_ms: float
    route_ms: float
    run_ms: float
    total_ms: float
    wait_ms: float | None = None
    failed_ms: float | None = None
    decode_ms: float
    validate_ms: float
    model_ms: float | None = None
    code_ms: float
    encode_ms: float


class _Attempt(_Struct, kw_only=True):
    attempt: int
    implementation: str
    pool: str
    worker: str
    started_at: str
    duration_ms: float
    usage: Usage | None = None
    slot: int | None = None


class _ResultLog(_Struct, kw_only=True):
    request: int
    work: list[int]
    failures: list[int]


class _Result(_Struct, kw_only=True):
    id: str
    status: str
    outputs: Any
    program: str
    version: str
    implementation: str
    attempts: list[Any]
    fallback_reason: str | None = None
    usage: Usage
    decision: msgspec.Raw
    confidence: float | None = None
    validation: dict[str, Any] | None = None
    session: str | None = None
    request_hash: str
    log: _ResultLog


class _Failed(_Struct, kw_only=True):
    id: str
    attempt: int
    implementation: str
    pool: str
    worker: str
    error: WireError
    usage: Usage | None = None
    started_at: str
    duration_ms: float
    plan: msgspec.Raw
    decision: msgspec.Raw
    request_sequence: int
    work_sequence: int


class _Superseded(_Struct, kw_only=True):
    id: str
    attempt: int
    pool: str
    worker: str
    usage: Usage | None = None


class _Event(_Struct, kw_only=True):
    specversion: str
    id: str
    source: str
    type: str
    time: str
    traceparent: str | None = None
    data: Any


class _EventId(msgspec.Struct):
    id: str


_encoder = msgspec.json.Encoder()
_event_id = msgspec.json.Decoder(_EventId)


def result_event(
    work: Work,
    sequence: int,
    place: Place,
    ran: Ran,
    outputs: msgspec.Raw,
    confidence: float | None,
    validation: dict[str, Any] | None,
    stamp: Stamp,
) -> bytes:
    """Without its timings, see `with_timings`."""
    attempt = _Attempt(
        attempt=work.attempt,
        implementation=work.implementation,
        pool=place.pool,
        worker=place.worker,
        started_at=ran.started_text,
        duration_ms=ran.duration_ms,
        usage=ran.usage,
        slot=ran.slot,
    )
    log: WorkLog = work.log
    data = _Result(
        id=work.id,
        status="succeeded",
        outputs=outputs,
        program=work.program,
        version=work.version,
        implementation=work.implementation,
        attempts=[*work.attempts, attempt],
        fallback_reason=work.fallback_reason,
        usage=_total(work.attempts, ran.usage),
        decision=work.decision,
        confidence=confidence,
        validation=validation,
        session=work.session,
        request_hash=work.request_hash,
        log=_ResultLog(request=work.request_sequence, work=[*log.work, sequence], failures=log.failures),
    )
    return _event(RESULT_TYPE, place, stamp, data)


def with_timings(event: bytes, work: Work, ran: Ran, encode_s: float) -> bytes:
    """Ends a result's event. They are its last member, because how long it took to write is one of them."""
    before_ms = _ms(ran.started_at - seconds(work.requested_at))
    parts = ran.parts
    timings = _Timings(
        # Clocks of two machines: never below zero.
        queue_ms=max(0.0, _sum(before_ms, -work.route_ms)),
        route_ms=work.route_ms,
        run_ms=ran.duration_ms,
        total_ms=_sum(before_ms, ran.duration_ms),
        wait_ms=_sum(work.wait_ms, parts.wait_ms) or None,
        failed_ms=_sum(*map(duration_of, work.attempts)) or None,
        decode_ms=_sum(work.decode_ms, parts.decode_ms),
        validate_ms=parts.validate_ms,
        model_ms=parts.model_ms or None,
        code_ms=parts.code_ms,
        encode_ms=_sum(work.encode_ms, parts.encode_ms, _ms(encode_s)),
    )
    return b'%b,"timings":%b}}' % (event[:-2], _encoder.encode(timings))


def failed_event(work: Work, sequence: int, place: Place, ran: Ran, error: WireError, stamp: Stamp) -> bytes:
    data = _Failed(
        id=work.id,
        attempt=work.attempt,
        implementation=work.implementation,
        pool=place.pool,
        worker=place.worker,
        error=error,
        usage=ran.usage,
        started_at=ran.started_text,
        duration_ms=ran.duration_ms,
        plan=work.plan,
        decision=work.decision,
        request_sequence=work.request_sequence,
        work_sequence=sequence,
    )
    return _event(ATTEMPT_FAILED_TYPE, place, stamp, data)


def superseded_event(work: Work, place: Place, usage: Usage | None, stamp: Stamp) -> bytes:
    data = _Superseded(id=work.id, attempt=work.attempt, pool=place.pool, worker=place.worker, usage=usage)
    return _event(SUPERSEDED_TYPE, place, stamp, data)


def event_id_of(event: bytes) -> str:
    """Tells one's own earlier try from another's result."""
    return _event_id.decode(event).id


def _event(event_type: str, place: Place, stamp: Stamp, data: _Struct) -> bytes:
    return _encoder.encode(
        _Event(
            specversion="1.0",
            id=stamp.event_id,
            source=place.source,
            type=event_type,
            time=stamp.time,
            traceparent=stamp.traceparent,
            data=data,
        )
    )


def _total(attempts: list[msgspec.Raw], last: Usage | None) -> Usage:
    """What the request cost in all, earlier failed attempts included."""
    if not attempts:
        return last or Usage(input_tokens=0, output_tokens=0)
    used = [usage for usage in (*map(usage_of, attempts), last) if usage is not None]
    costs = [usage.cost_usd for usage in used if usage.cost_usd is not None]
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in used),
        output_tokens=sum(usage.output_tokens for usage in used),
        cost_usd=sum(costs) if costs else None,
    )


def _sum(*ms: float) -> float:
    return round(sum(ms), 3)


def _ms(duration_s: float) -> float:
    """Microseconds are plenty."""
    return round(max(0.0, duration_s) * 1_000, 3)
