// A few seeds of each simulation: enough to notice when the rule becomes worse, not enough to say how good it is. The
// bounds lie about a point below what these seeds get.

import assert from "node:assert/strict";
import { test } from "node:test";
import { percentile, sorted } from "../kit/statistics.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { judge } from "./evaluation.ts";
import { transfer } from "./families.ts";
import { adaptation, mean, oracleCourse, partOf, REQUESTS } from "./measure.ts";
import { roundRobin } from "./policies/baselines.ts";
import { earlierRule } from "./policies/earlier-rule.ts";
import { learned } from "./policies/learned.ts";
import { PEERS } from "./policies/peers.ts";
import { promotedAt } from "./promotion.ts";
import { simulate } from "./simulate.ts";

const SEEDS = [0, 1, 2];

/** % of the oracle over the first 500 and over all requests, at least. */
const BOUNDS: Record<string, readonly [early: number, all: number]> = {
  a: [95, 97],
  b: [92, 95.5],
  c: [97, 97.5],
  d: [95, 94.5],
  e: [92.5, 96.5],
  f: [95.5, 97],
  g: [90, 96],
  h: [93, 97],
  i: [92.5, 97.5],
};

for (const [letter, { title, make }] of Object.entries(ENVIRONMENTS)) {
  test(`learned routing - ${title}`, () => {
    const parts = SEEDS.map((seed) => {
      const environment = make(seed);
      return partOf(simulate(environment, seed, REQUESTS, learned(seed)), oracleCourse(environment, seed));
    });
    const [early, all] = BOUNDS[letter] as readonly [number, number];
    const found = [mean(parts.map((part) => part.early)), mean(parts.map((part) => part.all))] as const;
    assert.ok(found[0] >= early && found[1] >= all, `${found} instead of ${early}, ${all}`);
  });
}

test("learned routing - is the same when it is run again", () => {
  const make = ENVIRONMENTS.b?.make as (typeof ENVIRONMENTS)[string]["make"];
  const [once, again] = [0, 1].map(() => simulate(make(1), 1, 300, learned(1)).arms);
  assert.deepEqual(once, again);
});

test("after a failure - the router finds its way within sixty requests, and the broken arm gets little", () => {
  const make = ENVIRONMENTS.c?.make as (typeof ENVIRONMENTS)[string]["make"];
  const all = [0, 1, 2, 3, 4].map((seed) => adaptation(make(seed), seed, learned(seed)));
  const requests = sorted(all.map((one) => one.requests));
  assert.ok(percentile(requests, 0.5) <= 40 && percentile(requests, 1) <= 60, `${requests}`);
  assert.ok(mean(all.map((one) => one.broken)) <= 4);
});

test("other policies - get less than ours among twenty arms", () => {
  const make = ENVIRONMENTS.g?.make as (typeof ENVIRONMENTS)[string]["make"];
  const worlds = [0, 1, 2, 3, 4, 5, 6, 7].map((seed) => {
    const environment = make(seed);
    return { seed, environment, best: oracleCourse(environment, seed) };
  });
  const early = (policy: typeof earlierRule) =>
    mean(
      worlds.map(({ seed, environment, best }) => {
        return partOf(simulate(environment, seed, REQUESTS, policy(seed, environment)), best).early;
      }),
    );
  const ours = early((seed) => learned(seed));
  assert.ok(ours > early(earlierRule));
  assert.ok(ours > early(roundRobin) + 10);
  for (const [name, peer] of Object.entries(PEERS)) assert.ok(ours > early(peer), name);
});

test("a second program - does not suffer from what the first has taught of its families", () => {
  const all = SEEDS.map(transfer);
  assert.ok(mean(all.map((one) => one.withFamilies - one.alone)) > -0.5);
});

test("intervals - cover the truth for policies that the log can judge, and warn of the others", () => {
  const make = ENVIRONMENTS.b?.make as (typeof ENVIRONMENTS)[string]["make"];
  const judged = [0, 1, 2, 3].flatMap((seed) => judge(make(seed), seed, 1_000));
  const covered = judged.filter(
    ({ truth, evaluation: { doublyRobust } }) =>
      Math.abs(doublyRobust.value - truth) <= doublyRobust.halfWidth,
  );
  assert.ok(covered.length >= 0.85 * judged.length, `${covered.length} of ${judged.length}`);
  for (const { target, evaluation } of judged) {
    if (target.overlaps)
      assert.ok(evaluation.doublyRobust.halfWidth < 0.04 && evaluation.warnings.length === 0);
    if (target.name === "the worst arm alone") assert.ok(evaluation.warnings.length > 0);
  }
});

test("promotion - rarely false, five points found", () => {
  const trial = { paired: false, binary: false };
  const runs = Array.from({ length: 40 }, (_, seed) => seed);
  const wrong = runs.filter((seed) => promotedAt(seed, 3_000, { ...trial, gain: 0 }) !== undefined);
  const right = runs.filter((seed) => promotedAt(seed, 3_000, { ...trial, gain: 0.05 }) !== undefined);
  assert.ok(wrong.length <= 4, `${wrong.length} false promotions`);
  assert.ok(right.length >= 32, `${right.length} of 40 found`);
});
