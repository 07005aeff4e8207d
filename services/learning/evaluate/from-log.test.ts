import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision } from "../../../schemas/messages/parts.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import { BALANCED } from "../posterior/reward.ts";
import { loggedFrom } from "./from-log.ts";

const features = {
  program: "p",
  rule: "thompson/1",
  place: { arm: "b@1", task: "label/low/english", length: 1, load: 0 },
  complexity: 0.1,
  pool: "native",
};
const decision: Decision = {
  stateSequence: 7,
  policyVersion: "3",
  features,
  candidates: [
    { implementation: "a", score: 0.5, probability: 0.3, eligible: true },
    { implementation: "absent", score: 0, probability: 0, eligible: false },
    { implementation: "b", score: 0.6, probability: 0.7, eligible: true },
  ],
  chosen: "b",
  inFlight: {},
};
const result: Result = {
  id: "local.c.1",
  status: "succeeded",
  program: "p",
  attempts: [],
  usage: { inputTokens: 0, outputTokens: 0 },
  timings: { queueMs: 0, routeMs: 0, runMs: 1_000, totalMs: 1_000 },
  requestHash: "",
  log: { request: 1, work: [], failures: [] },
};
const ending = { result, quality: 0.5 };

test("a decision - becomes what could be chosen, with what was drawn from and what came of it", () => {
  assert.deepEqual(loggedFrom(decision, ending, BALANCED), {
    context: "label/low/english/1",
    arms: ["a", "b"],
    probabilities: [0.3, 0.7],
    chosen: 1,
    reward: 0.6 * 0.5 + 0.25 * 0.5 + 0.15 * 1,
  });
  const failed = { ...ending, result: { ...result, status: "failed" as const } };
  assert.equal(loggedFrom(decision, failed, BALANCED)?.reward, 0);
});

test("time - is judged by the deadline that the request had", () => {
  const hurried = { ...decision, features: { ...features, deadlineMs: 4_000 } };
  const { reward } = loggedFrom(hurried, ending, { quality: 0, time: 1, cost: 0 }) ?? {};
  assert.equal(reward, 2_000 / 3_000);
});

test("what could be chosen and never is - stays an arm, so that policies that would choose it are told", () => {
  const [first, absent, last] = decision.candidates.map((one) => ({ ...one, probability: 0 }));
  assert.ok(first !== undefined && absent !== undefined && last !== undefined);
  const certain = { ...decision, candidates: [first, absent, { ...last, probability: 1 }] };
  assert.deepEqual(loggedFrom(certain, ending, BALANCED)?.probabilities, [0, 1]);
});

test("what was no choice - is left out", () => {
  const cancelled: Result = { ...result, status: "cancelled" };
  assert.equal(loggedFrom(decision, { ...ending, result: cancelled }, BALANCED), undefined);
  for (const step of [{ step: "fallback" }, { pinned: true }, { overridden: true }, { place: undefined }]) {
    assert.equal(
      loggedFrom({ ...decision, features: { ...features, ...step } }, ending, BALANCED),
      undefined,
    );
  }
  const alone = { ...decision, candidates: decision.candidates.slice(2) };
  assert.equal(loggedFrom(alone, ending, BALANCED), undefined);
  const earlier = { ...decision, features: { kind: "label/low/english", lengthBucket: 1 } };
  assert.equal(loggedFrom(earlier, ending, BALANCED), undefined);
});
