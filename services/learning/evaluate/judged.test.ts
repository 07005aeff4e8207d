// Gathered decisions with another policy's choices: rewards, scores that come late, programs apart and together.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision } from "../../../schemas/messages/parts.ts";
import { BALANCED, weightsFor } from "../posterior/reward.ts";
import { verdictOf } from "./evaluate.ts";
import { choiceOf } from "./from-log.ts";
import { GatheredDecisions } from "./gathered.ts";
import { JudgedDecisions } from "./judged.ts";
import { declaredOrder, fixedOrder, uniform } from "./targets.ts";

const ARMS = ["a", "b", "c"];

function add(
  gathered: GatheredDecisions,
  n: number,
  {
    program = "p",
    arm = n % 3,
    succeeded = true,
    totalMs = 1_000,
    probabilities = [1 / 3, 1 / 3, 1 / 3],
  } = {},
): void {
  const decision: Decision = {
    stateSequence: 2 * n,
    policyVersion: "1",
    features: {
      program,
      rule: "thompson/1",
      place: { arm: `${ARMS[arm]}@1`, task: "label/low/english", length: 1, load: 0 },
      complexity: 0,
      pool: "native",
    },
    candidates: ARMS.map((implementation, at) => ({
      implementation,
      score: 0.5,
      probability: probabilities[at] as number,
      eligible: true,
    })),
    chosen: ARMS[arm] as string,
    inFlight: {},
  };
  const choice = choiceOf(decision);
  assert.ok(choice !== undefined);
  gathered.add(choice, decision, {
    sequence: 2 * n + 1,
    id: `local.${program}.${n}`,
    version: "1",
    result: {
      status: succeeded ? "succeeded" : "failed",
      usage: { inputTokens: 0, outputTokens: 0 },
      timings: { queueMs: 0, routeMs: 0, runMs: totalMs, totalMs },
    },
    weights: BALANCED,
  });
}

function judge(gathered: GatheredDecisions, policy: (arms: readonly string[]) => number[]): JudgedDecisions {
  const judged = new JudgedDecisions(gathered);
  for (let index = 0; index < gathered.length; index++)
    judged.set(index, policy(gathered.circumstances(index).arms));
  return judged;
}

test("policies without statistics - choose by what can be chosen", () => {
  assert.deepEqual(declaredOrder(["b", "c"]), [1, 0]);
  assert.deepEqual(uniform(["b", "c"]), [0.5, 0.5]);
  assert.deepEqual(fixedOrder(["x", "c", "b"])(["b", "c"]), [0, 1]);
  assert.deepEqual(fixedOrder(["x"])(["b", "c"]), [1, 0]);
});

test("rewards - an answer that nobody scored counts as its program's average, one that failed nothing", () => {
  const gathered = new GatheredDecisions();
  for (let n = 0; n < 4; n++) add(gathered, n, { succeeded: n !== 3 });
  gathered.score("local.p.0", "", 0.2);
  gathered.score("local.p.1", "", 0.6);
  gathered.score("local.p.3", "", 1);
  const rest = 0.25 * 0.5 + 0.15;
  const expected = [0.6 * 0.2 + rest, 0.6 * 0.6 + rest, 0.6 * 0.4 + rest, 0];
  assert.deepEqual(
    Array.from(gathered.rewards(), (reward) => reward.toFixed(9)),
    expected.map((reward) => reward.toFixed(9)),
  );
});

test("rewards - the same feedback twice counts once, several metrics as their mean", () => {
  const gathered = new GatheredDecisions();
  add(gathered, 0);
  gathered.score("local.p.0", "exact", 0);
  gathered.score("local.p.0", "exact", 1);
  gathered.score("local.p.0", "tone", 0.5);
  assert.equal(gathered.scoreOf(0), 0.75);
});

test("rewards - by other weights when they are given", () => {
  const gathered = new GatheredDecisions();
  add(gathered, 0, { totalMs: 3_000 });
  const { quality, time, cost } = weightsFor("speed");
  assert.equal(
    gathered.rewards(weightsFor("speed"))[0]?.toFixed(9),
    (quality * 0.7 + time * 0.25 + cost).toFixed(9),
  );
});

test("programs - are judged apart and together, and find the better arm", () => {
  const gathered = new GatheredDecisions();
  for (let n = 0; n < 1_200; n++) {
    add(gathered, n, { program: n % 2 === 0 ? "even" : "odd", succeeded: n % 3 === 0 || n % 4 !== 0 });
  }
  const { all, programs } = judge(gathered, declaredOrder).evaluate();
  assert.deepEqual(
    programs.map(([name, { decisions }]) => [name, decisions]),
    [
      ["even", 600],
      ["odd", 600],
    ],
  );
  assert.equal(all.decisions, 1_200);
  assert.equal(verdictOf(all), "better");
  assert.equal(verdictOf(judge(gathered, fixedOrder(["b"])).evaluate().all), "worse");
  assert.equal(verdictOf(judge(gathered, uniform).evaluate().all), "the same");
});

test("decisions - are evaluated in the order of their results, however they were gathered", () => {
  const [one, other] = [new GatheredDecisions(), new GatheredDecisions()];
  const numbers = Array.from({ length: 60 }, (_, n) => n);
  for (const n of numbers) add(one, n, { totalMs: 100 * n });
  for (const n of numbers.toReversed()) add(other, n, { totalMs: 100 * n });
  assert.deepEqual(judge(one, declaredOrder).evaluate().all, judge(other, declaredOrder).evaluate().all);
});

test("decisions that the policy was not asked - are left out and counted", () => {
  const gathered = new GatheredDecisions();
  for (let n = 0; n < 10; n++) add(gathered, n);
  const judged = new JudgedDecisions(gathered);
  judged.set(4, [1, 0, 0]);
  assert.equal(judged.unknown, 9);
  assert.equal(judged.evaluate().all.decisions, 1);
});

test("scores - where there are few, a warning says what that means", () => {
  const gathered = new GatheredDecisions();
  for (let n = 0; n < 300; n++) add(gathered, n);
  const told = () => judge(gathered, uniform).evaluate().all.warnings.join("\n");
  assert.match(told(), /nobody scored an answer/);
  for (let n = 0; n < 100; n++) gathered.score(`local.p.${n}`, "", 1);
  assert.match(told(), /100 of 300 answers were scored/);
  for (let n = 100; n < 200; n++) gathered.score(`local.p.${n}`, "", 1);
  assert.equal(told(), "");
});
