// One span for each run, from its start to its end: the requests of its stages, and its child runs, belong to its trace.
// Without a tracing SDK the caller's trace context is passed on as it came.

import { isSpanContextValid, ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import { ATTRIBUTE, extract, failSpan, formatTraceparent, SPAN } from "../../observability/mod.ts";
import { DspexError, type WireError } from "../../schemas/errors.ts";

const PART = "pipelines";

export interface RunSpan {
  span: Span;
  /** What its requests carry. */
  traceparent: string | undefined;
}

export function startRunSpan(
  { user, pipeline, run }: { user: string; pipeline: string; run: string },
  given: string | undefined,
): RunSpan {
  const parent = given === undefined ? ROOT_CONTEXT : extract(given);
  const span = trace.getTracer(PART).startSpan(SPAN.pipeline(pipeline), {}, parent);
  if (span.isRecording())
    span.setAttributes({
      [ATTRIBUTE.user]: user,
      [ATTRIBUTE.pipeline]: pipeline,
      [ATTRIBUTE.pipelineRun]: run,
    });
  const spanContext = span.spanContext();
  return { span, traceparent: isSpanContextValid(spanContext) ? formatTraceparent(spanContext) : given };
}

/** Spans of the runs that this process started; a run that outlives it has none. */
export class RunSpans {
  readonly #open = new Map<string, Span>();

  keep(key: string, { span }: RunSpan): void {
    if (span.isRecording()) this.#open.set(key, span);
  }

  end(key: string, status: string, error: WireError | undefined): void {
    const span = this.#open.get(key);
    if (span === undefined) return;
    this.#open.delete(key);
    span.setAttribute(ATTRIBUTE.status, status);
    if (error !== undefined) failSpan(span, DspexError.fromWire(error));
    span.end();
  }
}
