import re

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from dspex.client.trace import current_traceparent
from dspex.codec import decode_event
from dspex.messages import Request


def test_no_span_no_traceparent():
    assert current_traceparent() is None


def test_of_the_current_span():
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        context = span.get_span_context()
        assert (
            current_traceparent()
            == f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        )
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]", current_traceparent())


def test_a_span_that_is_not_sampled_is_passed_on_as_such():
    span = trace.NonRecordingSpan(trace.SpanContext(1, 2, is_remote=False, trace_flags=trace.TraceFlags(0)))
    with trace.use_span(span):
        assert current_traceparent() == f"00-{1:032x}-{2:016x}-00"


@pytest.mark.integration
async def test_it_travels_as_header_and_in_the_envelope(client, fake_router):
    with TracerProvider().get_tracer("t").start_as_current_span("s"):
        await client.program("echo")(x=1)
        expected = current_traceparent()
    [message] = fake_router.seen_from(client)
    assert message.headers["traceparent"] == expected
    assert decode_event(Request, message.data)[0].traceparent == expected
