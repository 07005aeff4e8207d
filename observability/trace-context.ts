// W3C trace context in NATS headers and envelopes: no NATS instrumentation exists for JavaScript, so the parts
// inject and extract it themselves. Depends on the OpenTelemetry API alone, which does nothing until tracing starts.

import { type Context, context, ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from "@opentelemetry/api";

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

export function formatTraceparent(spanContext: SpanContext): string {
  const flags = (spanContext.traceFlags & 0xff).toString(16).padStart(2, "0");
  return `00-${spanContext.traceId}-${spanContext.spanId}-${flags}`;
}

/** Undefined for anything that is no valid traceparent: a broken header starts a new trace, it never fails a request. */
export function parseTraceparent(traceparent: string | undefined): SpanContext | undefined {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (match === null) return undefined;
  const [, version, traceId, spanId, flags] = match as unknown as [string, string, string, string, string];
  if (version === "ff" || traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  };
}

/** The `traceparent` of the active span; undefined when there is none (or no SDK runs). */
export function activeTraceparent(active: Context = context.active()): string | undefined {
  const spanContext = trace.getSpanContext(active);
  return spanContext === undefined || spanContext.traceId === NO_TRACE
    ? undefined
    : formatTraceparent(spanContext);
}

/** A context whose spans are children of `traceparent`; the root context when there is none. */
export function extract(traceparent: string | undefined): Context {
  const spanContext = parseTraceparent(traceparent);
  return spanContext === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext);
}
