// Given one message, then what it teaches, if anything.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttemptFailed } from "../../../schemas/messages/attempt-failed.ts";
import type { Attempt, Decision } from "../../../schemas/messages/parts.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import { timeShare } from "../statistics/shares.ts";
import { outcomeOfFailure, outcomeOfResult, qualityOfFeedback } from "./from-messages.ts";

const place = { arm: "quick@0123456789ab", task: "label/low/english", length: 1, load: 2 };
const attempt: Attempt = {
  attempt: 1,
  implementation: "quick",
  startedAt: "2026-01-01T00:00:00Z",
  durationMs: 40,
};

function decision(features: object): Decision {
  return {
    stateSequence: 1,
    policyVersion: "0",
    features: { program: "p", place, ...features },
    candidates: [],
    chosen: "quick",
    inFlight: {},
  };
}

function result(more: Partial<Result>, features: object = {}): Result {
  return {
    id: "local.c.1",
    status: "succeeded",
    program: "p",
    attempts: [attempt],
    usage: { inputTokens: 100, outputTokens: 10 },
    timings: { queueMs: 0, routeMs: 0, runMs: 40, totalMs: 50 },
    requestHash: "",
    log: { request: 1, work: [], failures: [] },
    decision: decision(features),
    ...more,
  };
}

const error = (code: "lm_timeout" | "invalid_inputs" | "deadline_exceeded") => ({
  code,
  message: "m",
  retryable: false,
});

test("a result - of the first attempt is a success, with its time and its thrift", () => {
  const learned = outcomeOfResult(result({}, { deadlineMs: 100 }), 7);
  assert.ok(learned?.kind === "outcome");
  assert.deepEqual([learned.sequence, learned.place], [7, { program: "p", ...place }]);
  assert.deepEqual([learned.outcome.success, learned.outcome.inTime], [true, 0.5]);
  assert.ok(learned.outcome.thrift > 0.9 && learned.outcome.thrift < 1);
});

for (const [name, given] of [
  ["of a named implementation", result({}, { pinned: true })],
  ["of a retry", result({}, { step: "retry", after: "lm_timeout" })],
  ["of a second attempt", result({ attempts: [{ ...attempt, error: error("lm_timeout") }, attempt] })],
  ["that was cancelled", result({ status: "cancelled", attempts: [] })],
  ["that refused the inputs", result({ status: "failed", attempts: [], error: error("invalid_inputs") })],
  ["without a decision", result({ decision: undefined as never })],
  ["of a decision of another kind", result({}, { place: { arm: 5 } })],
] as const) {
  test(`a result - ${name} teaches nothing`, () => assert.equal(outcomeOfResult(given, 7), undefined));
}

test("a result - at the deadline of its first attempt is that attempt's failure", () => {
  const late = result({ status: "failed", attempts: [], error: error("deadline_exceeded") });
  const learned = outcomeOfResult(late, 7);
  assert.ok(learned?.kind === "outcome" && !learned.outcome.success);
});

test("a hedge that won - tells that the attempt beside it was slow, not that it failed", () => {
  const beside = { ...place, arm: "slow@0123456789ab" };
  const features = { place: undefined, step: "hedge", afterMs: 30, beside, deadlineMs: 1_000 };
  const learned = outcomeOfResult(result({}, features), 7);
  assert.ok(learned?.kind === "outcome");
  assert.deepEqual(learned.place, { program: "p", ...beside });
  assert.deepEqual([learned.outcome.success, learned.outcome.inTime], [true, timeShare(50, 1_000)]);
  const failed = result({ status: "failed", error: error("lm_timeout") }, features);
  assert.equal(outcomeOfResult(failed, 7), undefined);
});

test("a failure - counts at once for the first attempt of a free decision, and for nothing else", () => {
  const failed = (more: Partial<AttemptFailed>): AttemptFailed => ({
    id: "local.c.1",
    attempt: 1,
    implementation: "quick",
    pool: "native",
    worker: "1",
    error: error("lm_timeout"),
    startedAt: "2026-01-01T00:00:00Z",
    durationMs: 40,
    plan: [],
    decision: decision({}),
    requestSequence: 1,
    workSequence: 2,
    ...more,
  });
  const learned = outcomeOfFailure(failed({}), 7);
  assert.ok(learned?.kind === "outcome" && !learned.outcome.success);
  assert.equal(outcomeOfFailure(failed({ attempt: 2 }), 7), undefined);
  assert.equal(outcomeOfFailure(failed({ error: error("invalid_inputs") }), 7), undefined);
  assert.equal(outcomeOfFailure(failed({ decision: decision({ step: "retry" }) }), 7), undefined);
});

test("a judgement - belongs where the programs have found that it does", () => {
  const feedback = { id: "local.c.1", score: 0.5, user: "local", program: "p", place };
  assert.deepEqual(qualityOfFeedback(feedback, 7), {
    kind: "quality",
    sequence: 7,
    place: { program: "p", ...place },
    score: 0.5,
  });
  assert.equal(qualityOfFeedback({ id: "local.c.1", score: 1, user: "local" }, 7), undefined);
});
