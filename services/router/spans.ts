// The router's spans: one for each message that it decides on, one for each inline run. Without a tracing SDK they are
// the API's no-ops and the caller's trace context is passed on as it came.

import { isSpanContextValid, ROOT_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import {
  ATTRIBUTE,
  extract,
  failSpan,
  formatTraceparent,
  messagingAttributes,
  parseTraceparent,
  SPAN,
} from "../../observability/mod.ts";
import { requestSubject } from "../../schemas/subjects.ts";
import type { AttemptOrder } from "./decide.ts";
import type { Intake } from "./intake.ts";

const PART = "router";
const REQUEST_TEMPLATE = requestSubject("user", "program")
  .replace("user", "{user}")
  .replace("program", "{program}");

/** Child of the caller's span, and linked to it: one message, processed once. Attributes cost only where recorded. */
export function startRouteSpan(intake: Intake): Span {
  const parent = parseTraceparent(intake.traceparent);
  const context = parent === undefined ? ROOT_CONTEXT : extract(intake.traceparent);
  const span = trace
    .getTracer(PART)
    .startSpan(SPAN.route(intake.program), { kind: SpanKind.CONSUMER }, context);
  if (!span.isRecording()) return span;
  if (parent !== undefined) span.addLink({ context: parent });
  return span.setAttributes({
    ...messagingAttributes("process", requestSubject(intake.user, intake.program), REQUEST_TEMPLATE),
    [ATTRIBUTE.requestId]: intake.id,
    [ATTRIBUTE.program]: intake.program,
    [ATTRIBUTE.user]: intake.user,
    [ATTRIBUTE.requestSequence]: intake.sequence,
  });
}

/** What goes out in the messages that follow: the span's context, or the caller's where nothing is traced. */
export function traceparentOf(span: Span, intake: Intake): string | undefined {
  const context = span.spanContext();
  return isSpanContextValid(context) ? formatTraceparent(context) : intake.traceparent;
}

export function startRunSpan(order: AttemptOrder, traceparent: string | undefined): Span {
  const context = traceparent === undefined ? ROOT_CONTEXT : extract(traceparent);
  const span = trace.getTracer(PART).startSpan(SPAN.run(order.implementation.name), {}, context);
  if (!span.isRecording()) return span;
  return span.setAttributes({
    [ATTRIBUTE.requestId]: order.id,
    [ATTRIBUTE.program]: order.definition.name,
    [ATTRIBUTE.implementation]: order.implementation.name,
    [ATTRIBUTE.attempt]: order.attempt,
  });
}

export function endFailed(span: Span, error: unknown): void {
  failSpan(span, error);
  span.end();
}
