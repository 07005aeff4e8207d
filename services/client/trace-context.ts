// The client's span for one request, from the OpenTelemetry API alone: without an SDK in the application there is none,
// and a caller's own `traceparent` travels as it is.

import { context, isSpanContextValid, type Span, SpanKind, trace } from "@opentelemetry/api";
import {
  ATTRIBUTE,
  activeTraceparent,
  extract,
  failSpan,
  formatTraceparent,
  messagingAttributes,
  SPAN,
  TEMPLATE,
} from "../../observability/mod.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { requestSubject } from "../../schemas/subjects.ts";

/** Of the part that sends the request; child of `traceparent`, else of the active span. */
export function startSubmitSpan(
  user: string,
  program: string,
  id: string,
  traceparent: string | undefined,
  part: "client" | "gateway" = "client",
): Span {
  const parent = traceparent === undefined ? context.active() : extract(traceparent);
  const span = trace.getTracer(part).startSpan(SPAN.submit(program), { kind: SpanKind.PRODUCER }, parent);
  if (!span.isRecording()) return span;
  return span.setAttributes({
    ...messagingAttributes("send", requestSubject(user, program), TEMPLATE.request),
    [ATTRIBUTE.requestId]: id,
    [ATTRIBUTE.program]: program,
    [ATTRIBUTE.user]: user,
  });
}

/** What goes out with the request. */
export function traceparentOf(span: Span, given: string | undefined): string | undefined {
  const spanContext = span.spanContext();
  return isSpanContextValid(spanContext) ? formatTraceparent(spanContext) : (given ?? activeTraceparent());
}

/** Ends the span when the result is there, or the wait for it ended. */
export function endWith(span: Span, result: Promise<Result>): void {
  if (!span.isRecording()) return;
  result.then(
    ({ status, error }) => {
      span.setAttribute(ATTRIBUTE.status, status);
      if (error !== undefined) failSpan(span, DspexError.fromWire(error));
      span.end();
    },
    (thrown) => {
      failSpan(span, thrown);
      span.end();
    },
  );
}
