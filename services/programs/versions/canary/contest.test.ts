// What outcomes have to show before a canary is promoted or withdrawn, however often one looks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { uniform } from "../../../router/strategies/thompson/draw.ts";
import {
  type CanaryContest,
  type CanaryOutcome,
  evidenceOf,
  newCanaryContest,
  observeCanary,
  verdictOf,
} from "./contest.ts";

const MAX_OUTCOMES = 1_000_000;

interface Rates {
  canary: number;
  others: number;
}

/** Outcomes until there is a verdict; undefined = none within so many requests. */
function contest(
  share: number,
  seed: number,
  rates: Partial<Record<CanaryOutcome["channel"], Rates>>,
  requests = 5_000,
): { verb: string; requests: number } | undefined {
  const one = newCanaryContest(share);
  for (let n = 1; n <= requests; n++) {
    const taken = uniform(seed, `side ${n}`) < share;
    for (const [channel, { canary, others }] of Object.entries(rates)) {
      const value = uniform(seed, `${channel} ${n}`) < (taken ? canary : others) ? 1 : 0;
      observeCanary(one, {
        channel: channel as CanaryOutcome["channel"],
        taken,
        value,
        sequence: n,
        id: `${channel}${n}`,
      });
    }
    const verdict = verdictOf(one, MAX_OUTCOMES);
    if (verdict !== undefined) return { verb: verdict.verb, requests: n };
  }
  return undefined;
}
const seeds = Array.from({ length: 100 }, (_, seed) => seed + 1);
function shareOf(verb: string, verdicts: (ReturnType<typeof contest> | undefined)[]): number {
  return verdicts.filter((one) => one?.verb === verb).length / verdicts.length;
}

test("a canary as good as what there is - is rarely promoted or withdrawn for it, though looked at after each request", () => {
  const verdicts = seeds.map((seed) =>
    contest(0.2, seed, { success: { canary: 0.9, others: 0.9 }, score: { canary: 0.6, others: 0.6 } }, 2_000),
  );
  assert.ok(shareOf("promoted", verdicts) <= 0.05, `${shareOf("promoted", verdicts)} promoted`);
  assert.ok(shareOf("withdrawn", verdicts) <= 0.05, `${shareOf("withdrawn", verdicts)} withdrawn`);
});

test("a canary - that is better by its judgements is promoted, one that is worse withdrawn", () => {
  const same = { canary: 0.95, others: 0.95 };
  const better = seeds.map((seed) =>
    contest(0.1, seed, { success: same, score: { canary: 0.9, others: 0.5 } }),
  );
  assert.ok(shareOf("promoted", better) >= 0.95, `${shareOf("promoted", better)} promoted`);
  const worse = seeds.map((seed) =>
    contest(0.1, seed, { success: same, score: { canary: 0.5, others: 0.9 } }),
  );
  assert.ok(shareOf("withdrawn", worse) >= 0.95, `${shareOf("withdrawn", worse)} withdrawn`);
});

test("a canary - that always fails is withdrawn before many have met it", () => {
  for (const seed of seeds.slice(0, 20)) {
    const verdict = contest(0.1, seed, { success: { canary: 0, others: 1 } }, 1_000);
    assert.equal(verdict?.verb, "withdrawn");
    assert.ok((verdict?.requests ?? 0) < 600, `${verdict?.requests} requests`);
  }
});

test("a canary - that is judged better and fails more is not promoted", () => {
  const verdicts = seeds
    .slice(0, 40)
    .map((seed) =>
      contest(0.2, seed, { success: { canary: 0.6, others: 0.95 }, score: { canary: 0.9, others: 0.5 } }),
    );
  assert.equal(shareOf("promoted", verdicts), 0);
});

test("a canary - that nothing is shown of is withdrawn after its most outcomes", () => {
  const one = newCanaryContest(0.5);
  const outcome = { channel: "success", taken: true, value: 1, sequence: 1 } as const;
  for (let n = 0; n < 10; n++) observeCanary(one, outcome);
  assert.equal(verdictOf(one, 11), undefined);
  assert.match(verdictOf(one, 10)?.reason ?? "", /10 outcomes have not shown/);
});

test("a judgement - counts once for each request", () => {
  const one: CanaryContest = newCanaryContest(0.5);
  for (let n = 0; n < 5; n++)
    observeCanary(one, { channel: "score", taken: true, value: 1, sequence: n + 1, id: "local.c.1" });
  const [channel] = evidenceOf(one).channels;
  assert.deepEqual([channel?.channel, channel?.canary], ["score", { count: 1, mean: 1 }]);
  assert.equal(evidenceOf(one).coveredSequence, 5);
});
