// Starts OpenTelemetry tracing where an endpoint is configured; elsewhere the SDK is not even loaded and every
// tracer is the API's no-op (25 ns a span). Several parts run in one process, so the name of a tracer is the
// name of its service: `trace.getTracer("router")` exports as `dspex-router`.

import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import { asDspexError } from "../schemas/errors.ts";
import { ATTRIBUTE, serviceName } from "./names.ts";

export interface TracingSettings {
  /** OTLP/HTTP base such as `http://127.0.0.1:4318`; absent = no tracing. */
  endpoint?: string | undefined;
  /** Share of new traces that are recorded, 0 to 1. A request that comes with a parent follows that one's decision. */
  ratio?: number | undefined;
  /** Tells processes of the same service apart. */
  instance?: string | undefined;
  /** Told when spans could not be exported; they are lost, nothing else is. */
  onError?: ((error: unknown) => void) | undefined;
}

export interface Tracing {
  /** Sends what is left, `timeoutMs` at most. */
  stop(timeoutMs?: number): Promise<void>;
}

const MAX_BATCH_SPANS = 1_024;
/** Queue ÷ batch stays under the exporter's concurrency limit of 30, or a flush of a full queue fails. */
const MAX_QUEUE_SPANS = 16 * MAX_BATCH_SPANS;
const EXPORT_DELAY_MS = 500;
const STOP_TIMEOUT_MS = 2_000;

const NOT_TRACING: Tracing = { stop: async () => {} };

export async function startTracing(settings: TracingSettings): Promise<Tracing> {
  const { endpoint, ratio = 1 } = settings;
  if (endpoint === undefined) return NOT_TRACING;
  const [sdk, { OTLPTraceExporter }, { AsyncLocalStorageContextManager }, { resourceFromAttributes }] =
    await Promise.all([
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-proto"),
      import("@opentelemetry/context-async-hooks"),
      import("@opentelemetry/resources"),
    ]);
  const processor = new sdk.BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, "")}/v1/traces` }),
    maxExportBatchSize: MAX_BATCH_SPANS,
    maxQueueSize: MAX_QUEUE_SPANS,
    scheduledDelayMillis: EXPORT_DELAY_MS,
  });
  const sampler = new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) });
  const services = new Map<string, Tracer>();
  const provider: TracerProvider = {
    getTracer(part) {
      let tracer = services.get(part);
      if (tracer === undefined) {
        const resource = resourceFromAttributes({
          "service.name": serviceName(part),
          "service.namespace": "dspex",
          ...(settings.instance !== undefined && { "service.instance.id": settings.instance }),
        });
        const one = new sdk.TracerProvider({ resource, sampler, spanProcessors: [processor] });
        tracer = one.getTracer(part);
        services.set(part, tracer);
      }
      return tracer;
    },
  };
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  return {
    async stop(timeoutMs = STOP_TIMEOUT_MS) {
      trace.disable();
      context.disable();
      const timeout = AbortSignal.timeout(timeoutMs);
      const tooLate = new Promise<never>((_, reject) => {
        timeout.addEventListener("abort", () =>
          reject(new Error(`spans were not exported within ${timeoutMs} ms`)),
        );
      });
      await Promise.race([processor.shutdown(), tooLate]).catch((error: unknown) =>
        settings.onError?.(error),
      );
    },
  };
}

export interface SpanSettings {
  kind?: SpanKind;
  attributes?: Attributes;
  links?: Link[];
  /** Context of the parent; the active one by default. */
  parent?: Context;
}

/**
 * Runs `work` inside a new span that ends with it; an error it throws is recorded on the span and thrown on.
 * @param part the tracer's name: the part that does the work.
 */
export async function withSpan<Result>(
  part: string,
  name: string,
  settings: SpanSettings,
  work: (span: Span) => Promise<Result> | Result,
): Promise<Result> {
  const { kind = SpanKind.INTERNAL, attributes = {}, links = [], parent = context.active() } = settings;
  const span = trace.getTracer(part).startSpan(name, { kind, attributes, links }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span));
  } catch (thrown) {
    failSpan(span, thrown);
    throw thrown;
  } finally {
    span.end();
  }
}

/** Marks a span as failed, with the error's code alone: messages quote values, and the result has them. */
export function failSpan(span: Span, thrown: unknown): void {
  const { code } = asDspexError(thrown);
  span.setAttribute(ATTRIBUTE.errorType, code);
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
}
