import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision } from "../../../schemas/messages/parts.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import { BALANCED } from "../posterior/reward.ts";
import { loggedFrom } from "./from-log.ts";

const decision: Decision = {
  stateSequence: 7,
  policyVersion: "thompson/1",
  features: { kind: "label/low/english", lengthBucket: 1 },
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
const ending = { result, deadlineMs: undefined, quality: 0.5 };

test("a decision - becomes what could be chosen, with what was drawn from and what came of it", () => {
  assert.deepEqual(loggedFrom(decision, ending, BALANCED), {
    context: "label/low/english/1",
    arms: ["a", "b"],
    probabilities: [0.3, 0.7],
    chosen: 1,
    reward: 0.6 * 0.5 + 0.25 * 0.5 + 0.15 * 1,
  });
  assert.equal(
    loggedFrom(decision, { ...ending, result: { ...result, status: "failed" } }, BALANCED)?.reward,
    0,
  );
});

test("what was no choice - is left out", () => {
  const cancelled: Result = { ...result, status: "cancelled" };
  assert.equal(loggedFrom(decision, { ...ending, result: cancelled }, BALANCED), undefined);
  const fallback = { ...decision, features: { step: "fallback" } };
  assert.equal(loggedFrom(fallback, ending, BALANCED), undefined);
  const named = {
    ...decision,
    candidates: decision.candidates.slice(2).map((one) => ({ ...one, probability: 1 })),
  };
  assert.equal(loggedFrom(named, ending, BALANCED), undefined);
});
