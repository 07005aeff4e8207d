import assert from "node:assert/strict";
import { test } from "node:test";
import { trace } from "@opentelemetry/api";
import { DspexError } from "../schemas/errors.ts";
import { startOtlpReceiver } from "../tests/kit/otlp-receiver.ts";
import { activeTraceparent, extract } from "./trace-context.ts";
import { startTracing, withSpan } from "./tracing.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test("tracing - exports each part as a service of its own, in the caller's trace", async () => {
  await using receiver = await startOtlpReceiver();
  const tracing = await startTracing({ endpoint: receiver.endpoint, instance: "7" });
  let inner: string | undefined;
  await withSpan("router", "route answer", { parent: extract(PARENT) }, () =>
    withSpan("native", "run answer", {}, async () => {
      await Promise.resolve();
      inner = activeTraceparent();
    }),
  );
  await tracing.stop();
  assert.deepEqual(receiver.paths, ["/v1/traces"]);
  const [route, run] = await receiver.trace(PARENT.slice(3, 35), (spans) => spans.length === 2);
  assert.deepEqual([route?.service, route?.name], ["dspex-router", "route answer"]);
  assert.deepEqual([run?.service, run?.name], ["dspex-native", "run answer"]);
  assert.equal(`00-${route?.traceId}-${route?.parentSpanId}-01`, PARENT);
  assert.equal(run?.parentSpanId, route?.spanId);
  assert.equal(inner, `00-${run?.traceId}-${run?.spanId}-01`);
  assert.equal(run?.resource["service.instance.id"], "7");
});

test("tracing - a failed span carries the error's code, not its message, and the error is thrown on", async () => {
  await using receiver = await startOtlpReceiver();
  const tracing = await startTracing({ endpoint: receiver.endpoint });
  const failing = withSpan("router", "route", {}, () => {
    throw new DspexError("lm_timeout", "no answer to a secret question");
  });
  await assert.rejects(failing, { code: "lm_timeout" });
  await tracing.stop();
  const [span] = receiver.spans;
  assert.deepEqual([span?.failed, span?.statusMessage], [true, "lm_timeout"]);
  assert.equal(span?.attributes["error.type"], "lm_timeout");
  assert.ok(!receiver.text().includes("secret"));
});

test("tracing - an unsampled parent is followed", async () => {
  await using receiver = await startOtlpReceiver();
  const tracing = await startTracing({ endpoint: receiver.endpoint });
  await withSpan("router", "route", { parent: extract(`${PARENT.slice(0, -2)}00`) }, () => {});
  await tracing.stop();
  assert.deepEqual(receiver.paths, []);
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
  assert.ok(performance.now() - startedAt < 10_000);
});

test("tracing - without an endpoint nothing records", async () => {
  const tracing = await startTracing({});
  const span = trace.getTracer("router").startSpan("route");
  assert.equal(span.isRecording(), false);
  await tracing.stop();
});
