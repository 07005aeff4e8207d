import assert from "node:assert/strict";
import { test } from "node:test";
import { PartWatch, toldParts } from "./part-watch.ts";

test("laps - each counts to its part, none to two, and what is skipped to none", () => {
  const startedAt = performance.now();
  const watch = new PartWatch(startedAt);
  watch.lap("decodeMs");
  watch.skip();
  watch.lap("codeMs");
  watch.lap("decodeMs");
  const { decodeMs, codeMs, validateMs } = watch;
  assert.ok(decodeMs > 0 && codeMs >= 0 && validateMs === 0);
  assert.ok(decodeMs + codeMs <= performance.now() - startedAt);
});

test("a part of another - is moved from it", () => {
  const watch = new PartWatch();
  watch.codeMs = 10;
  watch.move(4, "codeMs", "modelMs");
  assert.deepEqual([watch.codeMs, watch.modelMs], [6, 4]);
});

test("as told - in microseconds, without waits, models and failures that were not", () => {
  const none = { waitMs: 0, decodeMs: 0.00149, modelMs: 0, codeMs: -0.0001, validateMs: 0 };
  assert.deepEqual(toldParts(none, []), { decodeMs: 0.001, validateMs: 0, codeMs: 0 });
  const some = { ...none, waitMs: 1, modelMs: 2, codeMs: 3 };
  assert.deepEqual(toldParts(some, [{ durationMs: 0.1 }, { durationMs: 0.2 }]), {
    waitMs: 1,
    failedMs: 0.3,
    decodeMs: 0.001,
    validateMs: 0,
    modelMs: 2,
    codeMs: 3,
  });
});

test("where no attempt answered - only those that failed are told", () => {
  assert.deepEqual(toldParts(undefined, []), {});
  assert.deepEqual(toldParts(undefined, [{ durationMs: 2 }]), { failedMs: 2 });
});
