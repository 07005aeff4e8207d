import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResultTimings } from "../../../schemas/messages/result.ts";
import { type Profiled, partsOf, profileOf } from "./profile.ts";

const whole = { queueMs: 3, routeMs: 1, runMs: 500, totalMs: 504 };
const parted: ResultTimings = {
  ...whole,
  waitMs: 2,
  failedMs: 10,
  decodeMs: 0.25,
  encodeMs: 0.5,
  validateMs: 0.125,
  modelMs: 400,
  codeMs: 90,
};

function span(timings: ResultTimings, durationMs: number, calledMs?: number): Profiled {
  return {
    startMs: 1_000,
    endMs: 1_000 + durationMs,
    workMs: timings.runMs,
    parts: partsOf(timings, calledMs),
  };
}

test("measured parts - are told as they are, the rest is transfer, and all of it adds up", () => {
  const profile = profileOf([span(parted, 520), span(parted, 530)]);
  assert.deepEqual(profile, {
    requests: 2,
    measured: 2,
    queueMs: 4,
    failedMs: 20,
    routeMs: 2,
    decodeMs: 0.5,
    encodeMs: 1,
    validateMs: 0.25,
    modelMs: 800,
    codeMs: 180,
    transferMs: 42.25,
    totalMs: 1_050,
    runMs: 1_000,
  });
});

test("a result without parts - what it ran is its model's call, then code; what came before, queue", () => {
  const { measured, queueMs, routeMs, modelMs, codeMs, transferMs, totalMs } = profileOf([
    span(whole, 510, 420),
    span(whole, 505),
  ]);
  assert.deepEqual(
    { measured, queueMs, routeMs, modelMs, codeMs, transferMs, totalMs },
    { measured: 0, queueMs: 6, routeMs: 2, modelMs: 420, codeMs: 580, transferMs: 7, totalMs: 1_015 },
  );
});

test("a request that failed - its attempts are failures, not a wait", () => {
  const { queueMs, failedMs, codeMs } = profileOf([
    span({ queueMs: 100, routeMs: 0, runMs: 0, totalMs: 100, failedMs: 80 }, 101),
  ]);
  assert.deepEqual([queueMs, failedMs, codeMs], [20, 80, 0]);
});

test("short requests - may end in the same millisecond of the log's clock, and still add up", () => {
  const short: ResultTimings = { ...parted, waitMs: 0, failedMs: 0, routeMs: 0.1, modelMs: 0, codeMs: 0.2 };
  const { transferMs, totalMs } = profileOf([span(short, 0)]);
  assert.deepEqual([transferMs, totalMs], [0, 1.175]);
});

test("delays, signals and child runs - are no requests", () => {
  const { requests, totalMs } = profileOf([{ startMs: 0, endMs: 9, workMs: 0, parts: undefined }]);
  assert.deepEqual([requests, totalMs], [0, 0]);
});
