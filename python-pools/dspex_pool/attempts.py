"""One attempt's way from a delivery to how it is settled.

read ─▶ answered already? ─yes─▶ ack
          └no─▶ slot ─▶ Runner ─▶ outputs ─▶ result (expected: none yet) ─▶ ack
                          │                      └ another was first ─▶ superseded ─▶ ack
                          └ error ─▶ attempt.failed ─▶ ack
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from dspex import headers as header
from dspex.errors import DspexError
from dspex.subjects import LOG_STREAM, result_subject
from dspex_pool.attempt_context import AttemptContext, current_attempt
from dspex_pool.chunks import ChunkWriter
from dspex_pool.errors import classify
from dspex_pool.held import ACK, TERM, Held
from dspex_pool.models import ModelRegistry
from dspex_pool.outcome import OutcomeWriter
from dspex_pool.publisher import Publisher
from dspex_pool.reader import Reader
from dspex_pool.runner import Outputs, Runner
from dspex_pool.slots import Slots
from dspex_pool.tracing import AttemptSpan, Tracing
from dspex_pool.usage import AttemptUsage, read_budget
from dspex_pool.warm_states import WarmStates
from dspex_pool.work_message import Work, WorkEvent, read_work, seconds

"""Work that ended the process so often is reported as failed instead of being run once more."""
MAX_DELIVERIES: Final = 8

logger = logging.getLogger("dspex.attempts")


@dataclass(slots=True)
class _Clock:
    """When the attempt got its slot."""

    started_at: float
    started: float


class Attempts:
    def __init__(
        self,
        publisher: Publisher,
        reader: Reader,
        runner: Runner,
        outcomes: OutcomeWriter,
        models: ModelRegistry,
        tracing: Tracing,
        slots: Slots,
        warm: WarmStates,
    ) -> None:
        self._publisher = publisher
        self._reader = reader
        self._runner = runner
        self._outcomes = outcomes
        self._models = models
        self._tracing = tracing
        self._slots = slots
        self._warm = warm

    async def handle(self, held: Held, over: Callable[[Held], None]) -> bytes:
        """Returns how to settle the message; `over` is called when it needs no slot any more.

        @raises asyncio.CancelledError when nobody wants an answer of this attempt.
        """
        delivery = held.delivery
        began_at = time.perf_counter()
        try:
            event = read_work(delivery.data)
        except msgspec.DecodeError as unreadable:
            # Nobody can be told: it has no id that we could read.
            logger.error("work %d is no work: %s", delivery.sequence, unreadable)
            return TERM
        read_s = time.perf_counter() - began_at
        work = event.data
        held.request_id = work.id
        if delivery.doubtful and await self._is_answered(work):
            return ACK
        attempt, span = self._begin(held, event)
        attempt.times.decode_s, attempt.times.wait_s = read_s, delivery.waited_s
        clock = _Clock(time.time(), time.perf_counter())
        outputs: Outputs | None = None
        error: BaseException = AssertionError("neither outputs nor an error")
        try:
            outputs = await self._in_slot(held, work, attempt, clock)
        except asyncio.CancelledError as cancelled:
            if held.unwanted:
                span.end()
                raise
            # The code's own; of ours it is none.
            error = cancelled
        except Exception as raised:
            error = raised
        over(held)
        ran = self._outcomes.ran(clock.started_at, time.perf_counter() - clock.started, attempt)
        if outputs is not None:
            if await self._outcomes.succeeded(work, delivery.sequence, ran, outputs, span):
                self._warm.keep(attempt)
        else:
            failure = classify(error, users_code=attempt.users_code)
            attempt.over = failure.code
            await self._outcomes.failed(work, delivery.sequence, ran, failure, error, span)
        return ACK

    def _begin(self, held: Held, event: WorkEvent) -> tuple[AttemptContext, AttemptSpan]:
        work, delivery = event.data, held.delivery
        attempt = AttemptContext(
            user=work.user,
            request_id=work.id,
            attempt=work.attempt,
            work_sequence=delivery.sequence,
            usage=AttemptUsage(self._models.price, read_budget(work.settings)),
            ends_at=seconds(work.deadline_at),
            session=work.session,
            program=work.program,
            implementation=work.implementation,
            version=work.version,
            previous_turn=work.previous_turn,
            variables=work.variables,
        )
        traceparent = event.traceparent or delivery.headers.get(header.TRACEPARENT)
        span = self._tracing.start_attempt(delivery, work, traceparent)
        attempt.span, attempt.traceparent = span.span, span.traceparent
        held.attempt = attempt
        current_attempt.set(attempt)
        return attempt, span

    async def _in_slot(self, held: Held, work: Work, attempt: AttemptContext, clock: _Clock) -> Outputs:
        deliveries = held.delivery.deliveries
        if deliveries > MAX_DELIVERIES:
            text = f"delivered {deliveries} times without an answer"
            raise DspexError("worker_lost", text, retryable=False)
        waits_at = time.perf_counter()
        await self._slots.take()
        try:
            held.stage = "running"
            clock.started_at, clock.started = time.time(), time.perf_counter()
            attempt.times.wait_s += clock.started - waits_at
            attempt.check()
            if work.stream:
                held.chunks = ChunkWriter(self._publisher, work.id, work.attempt, deliveries)
            return await self._runner.run(work, attempt, held.chunks)
        finally:
            self._slots.give_back()

    async def _is_answered(self, work: Work) -> bool:
        """Somebody had this delivery before and may have stored its result just before it died."""
        return await self._reader.last(LOG_STREAM, result_subject(work.id)) is not None
