// What requests have to show before values that are in force are rolled back, however often one looks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { uniform } from "../../../router/strategies/thompson/draw.ts";
import { type LiveContest, newLiveContest, observeLive, regressionOf } from "./contest.ts";

const SINCE = 10;
const APPLIED = 1_000;

/** One request to a program that uses the variable. */
function ask(contest: LiveContest, n: number, isAfter: boolean, success: boolean, quality?: number): void {
  observeLive(contest, {
    kind: "outcome",
    id: `u.c.${n}`,
    program: "qa",
    stateSequence: isAfter ? APPLIED + n : SINCE + n,
    variables: ["warmth", "other"],
    success: success ? 1 : 0,
    ...(quality !== undefined && { quality }),
  });
}

/** Outcomes with the new values until they are found worse; undefined = they are not, within so many. */
function contest(seed: number, before: number, after: number, outcomes = 1_000): number | undefined {
  const one = newLiveContest(SINCE, APPLIED, ["warmth"]);
  for (let n = 0; n < 200; n++) ask(one, n, false, uniform(seed, `before ${n}`) < before);
  for (let n = 1; n <= outcomes; n++) {
    ask(one, n, true, uniform(seed, `after ${n}`) < after);
    if (regressionOf(one) !== undefined) return n;
  }
  return undefined;
}

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);

test("values that are as good - stay: at most five in a hundred are rolled back, in a thousand looks each", () => {
  for (const rate of [0.5, 0.9, 1]) {
    const wrong = SEEDS.filter((seed) => contest(seed, rate, rate) !== undefined).length;
    assert.ok(wrong <= 5, `${wrong} of ${SEEDS.length} at ${rate}`);
  }
});

test("values that are worse - are found within some hundred requests, and what shows it is told", () => {
  const found = SEEDS.map((seed) => contest(seed, 0.9, 0.6) ?? Number.POSITIVE_INFINITY).sort(
    (a, b) => a - b,
  );
  assert.ok((found[50] ?? 0) < 100, `median ${found[50]}`);
  assert.ok((found[90] ?? 0) < 250, `nine of ten within ${found[90]}`);
  const one = newLiveContest(SINCE, APPLIED, ["warmth"]);
  for (let n = 0; n < 50; n++) ask(one, n, false, true);
  for (let n = 0; n < 50; n++) ask(one, n, true, false);
  assert.match(
    regressionOf(one) ?? "",
    /^requests with the new values fare worse: of "qa" first attempts succeed 0\.0 % \(50\), before 100\.0 % \(50\); evidence \d+ of 50$/,
  );
});

test("where hardly anything was before - nothing is judged", () => {
  const one = newLiveContest(SINCE, APPLIED, ["warmth"]);
  for (let n = 0; n < 19; n++) ask(one, n, false, true);
  for (let n = 0; n < 500; n++) ask(one, n, true, false);
  assert.equal(regressionOf(one), undefined);
  assert.equal(one.after, 500);
});

test("requests - with older values than those before, and of programs that do not use the variable, do not count", () => {
  const one = newLiveContest(SINCE, APPLIED, ["nobody"]);
  ask(one, 1, false, true);
  assert.equal(one.programs.size, 0);
  const other = newLiveContest(SINCE + 100, APPLIED, ["warmth"]);
  ask(other, 1, false, true);
  assert.equal(other.programs.size, 0);
});

test("judgements - count for the values that the answer was made with, the first of each answer", () => {
  const one = newLiveContest(SINCE, APPLIED, ["warmth"]);
  for (let n = 0; n < 40; n++) ask(one, n, false, true);
  for (let n = 100; n < 200; n++) ask(one, n, true, true);
  for (let n = 0; n < 40; n++) observeLive(one, { kind: "score", id: `u.c.${n}`, score: 0.9 });
  for (let n = 100; n < 200; n++) observeLive(one, { kind: "score", id: `u.c.${n}`, score: 0.2 });
  assert.match(regressionOf(one) ?? "", /answers are judged 20\.0 % \(100\), before 90\.0 % \(40\)/);
  const before = structuredClone(one.programs);
  observeLive(one, { kind: "score", id: "u.c.100", score: 1 });
  observeLive(one, { kind: "score", id: "nobody.c.1", score: 1 });
  assert.deepEqual(one.programs, before);
});
