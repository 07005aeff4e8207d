"""Spans of attempts, sent over OTLP/HTTP; without a receiver nothing is made and the trace's context only
travels on.

How many of the traces that begin here are recorded OpenTelemetry's own variables say (OTEL_TRACES_SAMPLER,
OTEL_TRACES_SAMPLER_ARG); an attempt follows the decision of whoever sent its work.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Final

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from dspex.error_codes import ErrorCode
from dspex.subjects import work_subject
from dspex_pool import span_names as names
from dspex_pool.delivery import Delivery
from dspex_pool.work_message import Work

MAX_STACK_FRAMES: Final = 40
MAX_CAUSES: Final = 4
EXPORT_QUEUE: Final = 8_192
EXPORT_EVERY_MS: Final = 500
FLUSH_MS: Final = 3_000

_propagator = TraceContextTextMapPropagator()
_WORK_TEMPLATE = work_subject("pool", "worker").replace("pool", "{pool}").replace("worker", "{worker}")


@dataclass(slots=True)
class AttemptSpan:
    """The span of one attempt, or none, and what of it travels on."""

    span: Span | None
    traceparent: str | None

    def end(self, code: ErrorCode | None = None, cause: BaseException | None = None) -> None:
        """`code` where it failed: of the error no more than that and where it came from."""
        if self.span is None:
            return
        if code is not None:
            self.span.set_status(Status(StatusCode.ERROR, code))
            self.span.set_attribute(names.ERROR_TYPE, code)
        if cause is not None:
            self.span.add_event("exception", _exception_attributes(cause))
        self.span.end()


def _exception_attributes(error: BaseException) -> dict[str, str]:
    """Types and frames, without any text of an exception: those quote prompts and answers."""
    parts: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(parts) < MAX_CAUSES:
        frames = traceback.format_tb(seen.__traceback__, limit=-MAX_STACK_FRAMES)
        parts.append(f"{''.join(frames)}{type(seen).__name__}\n")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return {
        names.EXCEPTION_TYPE: type(error).__name__,
        # As Python prints it: what came first stands on top.
        names.EXCEPTION_STACKTRACE: "\nwhich led to\n\n".join(reversed(parts)),
    }


class Tracing:
    def __init__(
        self,
        endpoint: str | None,
        pool: str,
        worker: str,
        incarnation: str,
        exporter: SpanExporter | None = None,
    ) -> None:
        """`exporter` stands in for the OTLP one."""
        self._pool = pool
        self._worker = worker
        self._provider: TracerProvider | None = None
        if exporter is None and endpoint is not None:
            exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        if exporter is None:
            self.tracer: trace.Tracer = trace.NoOpTracer()
            return
        resource = Resource.create(
            {
                "service.name": f"dspex-pool-{pool}",
                "service.namespace": "dspex",
                "service.instance.id": f"{worker}/{incarnation}",
            }
        )
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter, max_queue_size=EXPORT_QUEUE, schedule_delay_millis=EXPORT_EVERY_MS)
        )
        self.tracer = self._provider.get_tracer("dspex-pool")
        # Users' modules make spans of their own with OpenTelemetry's API; these go along.
        trace.set_tracer_provider(self._provider)

    @property
    def enabled(self) -> bool:
        return self._provider is not None

    def start_attempt(self, delivery: Delivery, work: Work, traceparent: str | None) -> AttemptSpan:
        """The work's sender is the parent, and linked as well: a trace viewer shows both ways. The span is
        the current one for the rest of this task.
        """
        parent = _propagator.extract({} if traceparent is None else {"traceparent": traceparent})
        if not self.enabled:
            if traceparent is not None:
                context.attach(parent)
            return AttemptSpan(None, traceparent)
        sender = trace.get_current_span(parent).get_span_context()
        span = self.tracer.start_span(
            f"process {work.program}",  # as in observability/names.ts
            context=parent,
            kind=SpanKind.CONSUMER,
            links=[Link(sender)] if sender.is_valid else [],
            attributes={
                names.MESSAGING_SYSTEM: "nats",
                names.MESSAGING_SYSTEM_NAME: "nats",
                names.MESSAGING_OPERATION_NAME: "process",
                names.MESSAGING_OPERATION_TYPE: "process",
                names.MESSAGING_DESTINATION: delivery.subject,
                names.MESSAGING_DESTINATION_TEMPLATE: _WORK_TEMPLATE,
                names.MESSAGING_CONSUMER_GROUP: delivery.ack_subject.split(".")[3],
                names.MESSAGING_MESSAGE_ID: str(delivery.sequence),
                names.DSPEX_REQUEST: work.id,
                names.DSPEX_ATTEMPT: work.attempt,
                names.DSPEX_PROGRAM: work.program,
                names.DSPEX_VERSION: work.version,
                names.DSPEX_IMPLEMENTATION: work.implementation,
                names.DSPEX_POOL: self._pool,
                names.DSPEX_WORKER: self._worker,
                names.DSPEX_DELIVERY: delivery.deliveries,
                **({} if work.session is None else {names.GEN_AI_CONVERSATION: work.session}),
            },
        )
        context.attach(trace.set_span_in_context(span, parent))
        return AttemptSpan(span, traceparent_of(span))

    def close(self) -> None:
        """Blocks for the last export."""
        if self._provider is not None:
            self._provider.force_flush(FLUSH_MS)
            self._provider.shutdown()


def traceparent_of(span: Span) -> str:
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
