"""Stores the end of an attempt: a result, a failure, or that another attempt was first."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from time import perf_counter, time

from dspex import headers as header
from dspex.errors import DspexError
from dspex.subjects import ATTEMPT_FAILED_SUBJECT, LOG_STREAM, request_event_subject, result_subject
from dspex_pool.answer import (
    Place,
    Ran,
    Stamp,
    event_id_of,
    failed_event,
    result_event,
    superseded_event,
    with_timings,
)
from dspex_pool.attempt_context import AttemptContext
from dspex_pool.errors import to_wire
from dspex_pool.publisher import Publisher, PublishRefusedError, is_wrong_last_sequence
from dspex_pool.reader import Reader
from dspex_pool.redact import Redactor
from dspex_pool.runner import Outputs
from dspex_pool.tracing import AttemptSpan
from dspex_pool.work_message import Work

logger = logging.getLogger("dspex.outcome")


class OutcomeWriter:
    def __init__(self, publisher: Publisher, reader: Reader, place: Place, redact: Redactor) -> None:
        self._publisher = publisher
        self._reader = reader
        self._place = place
        self._redact = redact

    def ran(self, started_at: float, duration_s: float, attempt: AttemptContext) -> Ran:
        used = attempt.usage.total()
        return Ran(
            started_at=started_at,
            started_text=rfc3339(started_at),
            duration_ms=round(duration_s * 1_000, 3),
            usage=used if used.input_tokens or used.output_tokens else None,
            slot=attempt.slot,
            parts=attempt.times.parts(),
        )

    async def succeeded(
        self, work: Work, sequence: int, ran: Ran, outputs: Outputs, span: AttemptSpan
    ) -> bool:
        """Returns whether the result is this one."""
        stamp = _stamp(span)
        began_at = perf_counter()
        event = result_event(
            work,
            sequence,
            self._place,
            ran,
            outputs.encoded,
            outputs.confidence,
            outputs.validation,
            stamp,
        )
        event = with_timings(event, work, ran, perf_counter() - began_at)
        subject = result_subject(work.id)
        try:
            await self._publisher.publish_first(subject, event, _headers(span))
        except PublishRefusedError as refused:
            if not is_wrong_last_sequence(refused):
                await self._refused(work, sequence, ran, refused, span)
                return False
            stored = await self._reader.last(LOG_STREAM, subject)
            if stored is None or event_id_of(stored.data) != stamp.event_id:
                await self._superseded(work, ran, span)
                span.end()
                return False
        span.end()
        return True

    async def failed(
        self,
        work: Work,
        sequence: int,
        ran: Ran,
        failure: DspexError,
        cause: BaseException | None,
        span: AttemptSpan,
    ) -> None:
        wire = to_wire(failure, self._redact)
        event = failed_event(work, sequence, self._place, ran, wire, _stamp(span))
        await self._publisher.publish(ATTEMPT_FAILED_SUBJECT, event, _headers(span))
        logger.info("attempt failed: %s: %s", wire.code, wire.message)
        span.end(wire.code, cause)

    async def _refused(
        self, work: Work, sequence: int, ran: Ran, refused: PublishRefusedError, span: AttemptSpan
    ) -> None:
        """The log will not have this result at all, however often it is tried."""
        failure = DspexError("internal", f"the log refused the result: {refused}")
        await self.failed(work, sequence, ran, failure, refused, span)

    async def _superseded(self, work: Work, ran: Ran, span: AttemptSpan) -> None:
        event = superseded_event(work, self._place, ran.usage, _stamp(span))
        await self._publisher.publish(request_event_subject("superseded"), event, _headers(span))


def rfc3339(seconds_since_1970: float) -> str:
    return datetime.fromtimestamp(seconds_since_1970, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _stamp(span: AttemptSpan) -> Stamp:
    return Stamp(event_id=str(uuid.uuid4()), time=rfc3339(time()), traceparent=span.traceparent)


def _headers(span: AttemptSpan) -> dict[str, str]:
    return {} if span.traceparent is None else {header.TRACEPARENT: span.traceparent}
