import assert from "node:assert/strict";
import { test } from "node:test";
import { trace } from "@opentelemetry/api";
import { DspexError } from "../schemas/errors.ts";
import { startCollector } from "../tests/e2e/collector.ts";
import { activeTraceparent, extract } from "./trace-context.ts";
import { startTracing, withSpan } from "./tracing.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test("tracing - exports each part as a service of its own, in the caller's trace", async () => {
  await using jaeger = await startCollector();
  const tracing = await startTracing({ endpoint: jaeger.endpoint });
  let inner: string | undefined;
  await withSpan("router", "route answer", { parent: extract(PARENT) }, () =>
    withSpan("native", "run answer", {}, async () => {
      await Promise.resolve();
      inner = activeTraceparent();
    }),
  );
  await tracing.stop();
  assert.deepEqual(jaeger.paths, ["/v1/traces"]);
  for (const word of ["dspex-router", "dspex-native", "route answer", "run answer"])
    assert.ok(jaeger.text().includes(word), word);
  assert.equal(inner?.split("-")[1], PARENT.split("-")[1]);
});

test("tracing - a failed span carries the error's code, and the error is thrown on", async () => {
  await using jaeger = await startCollector();
  const tracing = await startTracing({ endpoint: jaeger.endpoint });
  const failing = withSpan("router", "route", {}, () => {
    throw new DspexError("lm_timeout", "no answer");
  });
  await assert.rejects(failing, { code: "lm_timeout" });
  await tracing.stop();
  assert.ok(jaeger.text().includes("lm_timeout"));
});

test("tracing - an unsampled parent is followed", async () => {
  await using jaeger = await startCollector();
  const tracing = await startTracing({ endpoint: jaeger.endpoint });
  await withSpan("router", "route", { parent: extract(`${PARENT.slice(0, -2)}00`) }, () => {});
  await tracing.stop();
  assert.deepEqual(jaeger.paths, []);
});

test("tracing - a collector that is away costs spans, not the process", async () => {
  const errors: unknown[] = [];
  const tracing = await startTracing({
    endpoint: "http://127.0.0.1:9",
    onError: (error) => errors.push(error),
  });
  await withSpan("router", "route", {}, () => {});
  const startedAt = performance.now();
  await tracing.stop(300);
  assert.ok(performance.now() - startedAt < 1_000);
});

test("tracing - without an endpoint nothing records", async () => {
  const tracing = await startTracing({});
  const span = trace.getTracer("router").startSpan("route");
  assert.equal(span.isRecording(), false);
  await tracing.stop();
});
