import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireError } from "../../schemas/errors.ts";
import type { Implementation } from "../../schemas/messages/program-event.ts";
import { makePlan, nextStep } from "./plan.ts";

const predict: Implementation = { name: "predict", kind: "dspy", pool: "general", module: "Predict" };
const structured: Implementation = { name: "structured", kind: "structured" };
const lexicon: Implementation = { name: "lexicon", kind: "native" };
const error = (code: WireError["code"], retryable: boolean, retryAfterMs?: number): WireError => ({
  code,
  message: "m",
  retryable,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});

test("plan - retries of the chosen, then each of the others", () => {
  assert.deepEqual(
    makePlan(predict, [structured, lexicon]).map((s) => `${s.step} ${s.implementation}`),
    ["retry predict", "retry predict", "retry predict", "fallback structured", "fallback lexicon"],
  );
});

test("plan - a native function is not retried: it would give the same again", () => {
  assert.deepEqual(makePlan(lexicon, []), []);
});

test("next step - a retryable error is tried again, after the error's own pause when that is longer", () => {
  const plan = makePlan(predict, [structured]);
  assert.deepEqual(nextStep(plan, error("lm_timeout", true))?.step.step, "retry");
  assert.equal(nextStep(plan, error("lm_timeout", true))?.delayMs, 250);
  assert.equal(nextStep(plan, error("lm_rate_limited", true, 5_000))?.delayMs, 5_000);
  assert.equal(nextStep(plan, error("lm_timeout", true))?.left.length, 3);
});

test("next step - what cannot be parsed goes to another implementation first", () => {
  const next = nextStep(makePlan(predict, [structured]), error("output_parse_error", true));
  assert.equal(next?.step.implementation, "structured");
  assert.deepEqual(next?.left, []);
});

test("next step - what cannot be parsed is tried again where there is no other", () => {
  assert.equal(nextStep(makePlan(predict, []), error("output_parse_error", true))?.step.step, "retry");
});

test("next step - a lasting error goes to the next implementation at once", () => {
  const next = nextStep(makePlan(predict, [structured, lexicon]), error("lm_auth", false));
  assert.equal(next?.step.implementation, "structured");
  assert.equal(next?.delayMs, 0);
  assert.equal(next?.left.length, 1);
});

test("next step - nothing mends invalid inputs, a deadline or a cancellation", () => {
  const plan = makePlan(predict, [structured]);
  for (const code of ["invalid_inputs", "deadline_exceeded", "cancelled", "budget_exceeded"] as const) {
    assert.equal(nextStep(plan, error(code, false)), undefined, code);
  }
});

test("next step - every plan ends", () => {
  let plan = makePlan(predict, [structured, lexicon]);
  let steps = 0;
  for (
    let next = nextStep(plan, error("lm_timeout", true));
    next !== undefined;
    next = nextStep(plan, error("lm_timeout", true))
  ) {
    plan = next.left;
    steps++;
  }
  assert.equal(steps, 5);
});
