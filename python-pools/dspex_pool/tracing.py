"""Spans of attempts, sent over OTLP/HTTP; without a receiver nothing is made and the trace's context only
travels on.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from dspex.messages import WireError
from dspex_pool import span_names as names
from dspex_pool.delivery import Delivery
from dspex_pool.work_message import Work

MAX_STACK_FRAMES: Final = 40
EXPORT_QUEUE: Final = 8_192
EXPORT_EVERY_MS: Final = 500
FLUSH_MS: Final = 3_000

_propagator = TraceContextTextMapPropagator()


@dataclass(slots=True)
class AttemptSpan:
    """The span of one attempt, or none, and what of it travels on."""

    span: Span | None
    traceparent: str | None

    def end(self, failed: WireError | None = None, cause: BaseException | None = None) -> None:
        if self.span is None:
            return
        if failed is not None:
            self.span.set_status(Status(StatusCode.ERROR, failed.code))
            self.span.set_attribute(names.ERROR_TYPE, failed.code)
            self.span.add_event("exception", _exception_attributes(failed, cause))
        self.span.end()


def _exception_attributes(failed: WireError, cause: BaseException | None) -> dict[str, str]:
    """Where it happened, without the exception's own text: that one quotes prompts and answers."""
    attributes = {names.EXCEPTION_MESSAGE: failed.message}
    if cause is not None:
        attributes[names.EXCEPTION_TYPE] = type(cause).__name__
        frames = traceback.format_tb(cause.__traceback__, limit=-MAX_STACK_FRAMES)
        attributes[names.EXCEPTION_STACKTRACE] = "".join(frames)
    return attributes


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
        self._provider: TracerProvider | None = None
        if exporter is None and endpoint is not None:
            exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        if exporter is None:
            self.tracer: trace.Tracer = trace.NoOpTracer()
            return
        resource = Resource.create(
            {
                "service.name": f"dspex-pool-{pool}",
                "service.instance.id": f"{worker}/{incarnation}",
            }
        )
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter, max_queue_size=EXPORT_QUEUE, schedule_delay_millis=EXPORT_EVERY_MS)
        )
        self.tracer = self._provider.get_tracer("dspex-pool")

    @property
    def enabled(self) -> bool:
        return self._provider is not None

    def start_attempt(self, delivery: Delivery, work: Work, traceparent: str | None) -> AttemptSpan:
        """The work's sender is the parent, and linked as well: a trace viewer shows both ways."""
        if not self.enabled:
            return AttemptSpan(None, traceparent)
        parent = _propagator.extract({} if traceparent is None else {"traceparent": traceparent})
        sender = trace.get_current_span(parent).get_span_context()
        span = self.tracer.start_span(
            f"process {work.program}",
            context=parent,
            kind=SpanKind.CONSUMER,
            links=[Link(sender)] if sender.is_valid else [],
            attributes={
                names.MESSAGING_SYSTEM: "nats",
                names.MESSAGING_SYSTEM_NAME: "nats",
                names.MESSAGING_OPERATION_NAME: "process",
                names.MESSAGING_OPERATION_TYPE: "process",
                names.MESSAGING_DESTINATION: delivery.subject,
                names.MESSAGING_DESTINATION_TEMPLATE: "dspex.work.{pool}.{worker}",
                names.MESSAGING_CONSUMER_GROUP: delivery.ack_subject.split(".")[3],
                names.MESSAGING_MESSAGE_ID: str(delivery.sequence),
                names.DSPEX_REQUEST: work.id,
                names.DSPEX_ATTEMPT: work.attempt,
                names.DSPEX_PROGRAM: work.program,
                names.DSPEX_VERSION: work.version,
                names.DSPEX_IMPLEMENTATION: work.implementation,
                names.DSPEX_DELIVERY: delivery.deliveries,
                **({} if work.session is None else {names.GEN_AI_CONVERSATION: work.session}),
            },
        )
        return AttemptSpan(span, traceparent_of(span))

    def close(self) -> None:
        """Blocks for the last export."""
        if self._provider is not None:
            self._provider.force_flush(FLUSH_MS)
            self._provider.shutdown()


def traceparent_of(span: Span) -> str:
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
