import assert from "node:assert/strict";
import { test } from "node:test";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { activeTraceparent, extract, parseTraceparent } from "./trace-context.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test("a traceparent - comes out as it went in", () => {
  assert.equal(activeTraceparent(extract(PARENT)), PARENT);
});

test("a traceparent - of a later version with more members is read", () => {
  assert.equal(parseTraceparent(`01${PARENT.slice(2)}-extra`)?.spanId, "b7ad6b7169203331");
});

for (const broken of [
  undefined,
  "",
  "garbage",
  `ff${PARENT.slice(2)}`,
  `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
]) {
  test(`a broken traceparent - ${JSON.stringify(broken)} starts a new trace`, () => {
    assert.equal(trace.getSpanContext(extract(broken)), undefined);
  });
}

test("without a span - there is none to hand on", () => {
  assert.equal(activeTraceparent(ROOT_CONTEXT), undefined);
});
