"""The caller's trace context. Who has not imported OpenTelemetry has no span: it is not imported here."""

from __future__ import annotations

import sys


def current_traceparent() -> str | None:
    """W3C `traceparent` of the current span, or None."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"
