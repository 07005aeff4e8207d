// An application that traces itself, as docs/tracing.md shows it.

import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { connect } from "dspex";

// #region caller
const provider = new TracerProvider({
  resource: resourceFromAttributes({ "service.name": "shop" }),
  // Sends to OTEL_EXPORTER_OTLP_ENDPOINT.
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
});
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const dspex = await connect();
await trace.getTracer("shop").startActiveSpan("checkout", async (span) => {
  const { answer } = await dspex.program("reason")({ question: "Which color has the sky?" });
  console.log(answer, span.spanContext().traceId);
  span.end();
});
// #endregion caller

await dspex.close();
await provider.shutdown();
