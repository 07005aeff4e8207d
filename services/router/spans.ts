// The router's spans: one for each message that it decides on, one for each work that it sends, one for each native
// run. Without a tracing SDK they are the API's no-ops and the caller's trace context is passed on as it came.
// Attributes cost only where they are recorded.

import {
  type Attributes,
  context,
  INVALID_TRACEID,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  trace,
} from "@opentelemetry/api";
import {
  ATTRIBUTE,
  deliveryAttributes,
  extract,
  failSpan,
  formatTraceparent,
  messagingAttributes,
  parseTraceparent,
  SPAN,
  TEMPLATE,
} from "../../observability/mod.ts";
import { ROUTER_REQUESTS_CONSUMER, requestSubject, workSubject } from "../../schemas/subjects.ts";
import type { AttemptOrder } from "./decide.ts";
import type { Intake } from "./intake.ts";

const PART = "router";

/**
 * Child of the caller's span, and linked to it: one message, processed once.
 * @param cause traceparent of the failure that makes it be decided on again.
 */
export function startRouteSpan(intake: Intake, cause?: string): Span {
  const span = start(SPAN.route(intake.program), { kind: SpanKind.CONSUMER }, intake.traceparent);
  if (!span.isRecording()) return span;
  for (const traceparent of [intake.traceparent, cause]) {
    const linked = parseTraceparent(traceparent);
    if (linked !== undefined) span.addLink({ context: linked });
  }
  return span.setAttributes({
    ...messagingAttributes("process", requestSubject(intake.user, intake.program), TEMPLATE.request),
    ...deliveryAttributes(ROUTER_REQUESTS_CONSUMER, intake.sequence),
    [ATTRIBUTE.requestId]: intake.id,
    [ATTRIBUTE.program]: intake.program,
    [ATTRIBUTE.user]: intake.user,
    [ATTRIBUTE.requestSequence]: intake.sequence,
  });
}

/** What goes out in the messages that follow: the span's context, or the caller's where nothing is traced. */
export function traceparentOf(span: Span, given: string | undefined): string | undefined {
  const spanContext = span.spanContext();
  return isSpanContextValid(spanContext) ? formatTraceparent(spanContext) : given;
}

/** Sends work: the worker's span is its child. */
export async function withDispatchSpan<Result>(
  order: AttemptOrder,
  pool: string,
  traceparent: string | undefined,
  send: (traceparent: string | undefined) => Promise<Result>,
): Promise<Result> {
  const span = start(SPAN.dispatch(pool), { kind: SpanKind.PRODUCER }, traceparent);
  if (!span.isRecording()) return send(traceparent);
  span.setAttributes({
    ...messagingAttributes("send", workSubject(pool), TEMPLATE.work),
    ...orderAttributes(order),
    [ATTRIBUTE.pool]: pool,
  });
  try {
    return await send(traceparentOf(span, traceparent));
  } catch (thrown) {
    failSpan(span, thrown);
    throw thrown;
  } finally {
    span.end();
  }
}

export function startRunSpan(order: AttemptOrder, traceparent: string | undefined): Span {
  const span = start(SPAN.run(order.implementation.name), {}, traceparent);
  return span.isRecording() ? span.setAttributes(orderAttributes(order)) : span;
}

/** Runs users' code within its span: their log lines, own spans and requests belong to its trace. */
export function runWithin<Result>(span: Span, run: () => Result): Result {
  if (span.spanContext().traceId === INVALID_TRACEID) return run();
  return context.with(trace.setSpan(ROOT_CONTEXT, span), run);
}

export function endFailed(span: Span, error: unknown): void {
  failSpan(span, error);
  span.end();
}

function start(name: string, options: SpanOptions, traceparent: string | undefined): Span {
  const parent = traceparent === undefined ? ROOT_CONTEXT : extract(traceparent);
  return trace.getTracer(PART).startSpan(name, options, parent);
}

/** Which attempt it is, and what it was decided from. */
function orderAttributes(order: AttemptOrder): Attributes {
  const { decision, fallbackReason } = order;
  return {
    [ATTRIBUTE.requestId]: order.id,
    [ATTRIBUTE.program]: order.definition.name,
    [ATTRIBUTE.version]: order.definition.version,
    [ATTRIBUTE.implementation]: order.implementation.name,
    [ATTRIBUTE.attempt]: order.attempt,
    [ATTRIBUTE.stateSequence]: decision.stateSequence,
    [ATTRIBUTE.policyVersion]: decision.policyVersion,
    ...(fallbackReason !== undefined && { [ATTRIBUTE.fallbackReason]: fallbackReason }),
  };
}
