import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../../../schemas/error-codes.ts";
import { fc } from "../../../tests/kit/fast-check.ts";
import { blockedForMs, isBlocked, triableKeys } from "./blocked.ts";
import { evolveBreakers } from "./evolve.ts";
import {
  type BreakerChange,
  type Breakers,
  breakersFromJson,
  breakersToJson,
  changesAt,
  MAX_BREAKERS,
  newBreakers,
} from "./state.ts";

const MODEL = "model/small";
const ARM = "arm/answer/predict@1";

/** A log in short: each step has its time. */
class Story {
  readonly breakers: Breakers = newBreakers();
  readonly told: string[] = [];
  #sequence = 0;

  began(timeMs: number, key = MODEL): this {
    return this.#fold({ kind: "began", sequence: ++this.#sequence, timeMs, keys: [key] });
  }

  ended(
    timeMs: number,
    code?: ErrorCode,
    { key = MODEL, beganMs = timeMs - 10, retryAfterMs = 0 } = {},
  ): this {
    const error = code === undefined ? {} : { error: { code, retryAfterMs } };
    return this.#fold({ kind: "ended", sequence: ++this.#sequence, timeMs, keys: [key], beganMs, ...error });
  }

  times(count: number, step: (n: number) => unknown): this {
    for (let n = 0; n < count; n++) step(n);
    return this;
  }

  #fold(fact: Parameters<typeof evolveBreakers>[1]): this {
    evolveBreakers(this.breakers, fact);
    const changes = changesAt(this.breakers, fact.sequence);
    this.told.push(...changes.map(({ verb, reason }: BreakerChange) => `${verb}: ${reason}`));
    return this;
  }
}

const opened = () => {
  const story = new Story();
  return story.times(5, (n) => story.ended(1_000 + n, "lm_unavailable"));
};

test("given five failures in a row - it opens for five seconds", () => {
  const { breakers, told } = opened();
  assert.deepEqual(told, ["opened: lm_unavailable: 5 failures in a row"]);
  assert.equal(isBlocked(breakers, MODEL, 1_004), true);
  assert.equal(isBlocked(breakers, MODEL, 6_003), true);
  assert.equal(isBlocked(breakers, MODEL, 6_004), false);
  assert.equal(isBlocked(breakers, "model/other", 1_004), false);
  assert.equal(blockedForMs(breakers, ["pool/general", MODEL], 2_004), 4_000);
});

test("given a success between them - it stays closed", () => {
  const story = new Story();
  story.times(4, (n) => story.ended(n, "lm_timeout")).ended(5);
  story.times(4, (n) => story.ended(6 + n, "lm_timeout"));
  assert.deepEqual(story.told, []);
});

test("given failures that are more than a minute apart - it stays closed", () => {
  const story = new Story();
  story.times(12, (n) => story.ended(n * 16_000, "lm_timeout"));
  assert.deepEqual(story.told, []);
});

test("given half of twenty outcomes within a minute failed - it opens", () => {
  const story = new Story();
  story.times(10, (n) => story.ended(n * 100, "lm_timeout").ended(n * 100 + 50));
  assert.deepEqual(story.told, []);
  story.ended(1_001, "lm_timeout");
  assert.deepEqual(story.told, ["opened: lm_timeout: 10 of the last 20 failed"]);
});

test("given what says nothing of a model - it counts for nothing", () => {
  const story = new Story();
  for (const code of ["internal", "cancelled", "deadline_exceeded", "overloaded"] as const)
    story.times(9, (n) => story.ended(n, code));
  assert.equal(story.breakers.byKey.size, 0);
});

test("given answers that do not fit - a model that gives them is there, an implementation opens after ten", () => {
  const story = new Story();
  story
    .times(4, (n) => story.ended(n, "lm_timeout"))
    .ended(5, "output_invalid")
    .ended(6, "lm_timeout");
  story.times(9, (n) => story.ended(100 + n * 70_000, "output_invalid", { key: ARM }));
  assert.deepEqual(story.told, []);
  story.ended(800_000, "output_parse_error", { key: ARM });
  assert.deepEqual(story.told, ["opened: output_parse_error: 10 answers in a row that do not fit"]);
});

test("half-open - one attempt is let through, and its success closes it", () => {
  const { breakers, told } = opened().began(6_010);
  assert.equal(isBlocked(breakers, MODEL, 6_011), true, "while it is tried");
  assert.equal(blockedForMs(breakers, [MODEL], 6_011), 1_000);
  const closed = opened().began(6_010).ended(6_400, undefined, { beganMs: 6_010 });
  assert.deepEqual(closed.told.slice(1), ["half-opened: one attempt tries it", "closed: a trial succeeded"]);
  assert.equal(closed.breakers.byKey.size, 0);
  assert.equal(told.length, 2);
});

test("half-open - each failed trial doubles the time, up to a minute; then it starts anew", () => {
  const story = opened();
  let now = 6_004;
  for (const cooldownMs of [10_000, 20_000, 40_000, 60_000, 60_000]) {
    story.began(now).ended(now + 5, "lm_unavailable", { beganMs: now });
    assert.equal(isBlocked(story.breakers, MODEL, now + 4 + cooldownMs), true);
    now += 5 + cooldownMs;
    assert.equal(isBlocked(story.breakers, MODEL, now), false);
  }
  story.began(now).ended(now + 5, undefined, { beganMs: now });
  story.times(5, (n) => story.ended(now + 10 + n, "lm_unavailable"));
  assert.equal(blockedForMs(story.breakers, [MODEL], now + 14), 5_000);
});

test("half-open - a trial of which nothing is heard is given up after a minute", () => {
  const { breakers } = opened().began(6_004);
  assert.equal(isBlocked(breakers, MODEL, 66_003), true);
  assert.equal(isBlocked(breakers, MODEL, 66_004), false);
});

test("half-open - one that ends without saying anything lets the next one try", () => {
  const { breakers } = opened().began(6_004).ended(6_005, "cancelled", { beganMs: 6_004 });
  assert.equal(isBlocked(breakers, MODEL, 6_006), false);
  assert.deepEqual(triableKeys(breakers, [MODEL, ARM], 6_006), [MODEL]);
});

test("open - what was on its way before changes nothing", () => {
  const { breakers, told } = opened()
    .began(2_000)
    .ended(2_500, undefined, { beganMs: 500 })
    .ended(7_000, "lm_timeout", { beganMs: 700 });
  assert.equal(told.length, 1);
  assert.equal(isBlocked(breakers, MODEL, 6_003), true);
  assert.equal(isBlocked(breakers, MODEL, 7_000), false);
});

test("half-open - of functions that are seen only when they end, the end decides", () => {
  const story = new Story();
  story.times(5, (n) => story.ended(n, "internal", { key: ARM }));
  story.ended(5_010, undefined, { key: ARM, beganMs: 5_009 });
  assert.deepEqual(story.told.at(-1), "closed: a trial succeeded");
});

test("half-open - an implementation that failed is well if it answers badly, one that answered badly is not", () => {
  const failed = new Story();
  failed.times(5, (n) => failed.ended(n, "internal", { key: ARM }));
  failed.ended(5_010, "output_invalid", { key: ARM, beganMs: 5_009 });
  assert.equal(failed.told.at(-1), "closed: a trial succeeded");
  const bad = new Story();
  bad.times(10, (n) => bad.ended(n, "output_invalid", { key: ARM }));
  bad.ended(5_010, "output_invalid", { key: ARM, beganMs: 5_009 });
  assert.equal(bad.told.at(-1), "opened: a trial failed: output_invalid");
});

test("a provider's pause - keeps it open for so long, a minute at most", () => {
  const story = new Story();
  story.times(5, (n) => story.ended(n, "lm_rate_limited", { retryAfterMs: n < 4 ? 0 : 20_000 }));
  assert.equal(blockedForMs(story.breakers, [MODEL], 4), 20_000);
  const greedy = new Story();
  greedy.times(5, (n) => greedy.ended(n, "lm_rate_limited", { retryAfterMs: 3_600_000 }));
  assert.equal(blockedForMs(greedy.breakers, [MODEL], 4), 60_000);
});

test("bound - the least recently concerned is forgotten", () => {
  const story = new Story();
  story.times(MAX_BREAKERS + 10, (n) => story.ended(n, "internal", { key: `arm/p/${n}` }));
  assert.equal(story.breakers.byKey.size, MAX_BREAKERS);
  assert.equal(story.breakers.byKey.has("arm/p/9"), false);
});

const facts = fc.array(
  fc.record({
    isBegin: fc.boolean(),
    key: fc.constantFrom(MODEL, ARM, "pool/general"),
    gapMs: fc.integer({ min: 0, max: 9_000 }),
    tookMs: fc.integer({ min: 0, max: 20_000 }),
    code: fc.constantFrom<(ErrorCode | undefined)[]>(
      undefined,
      "lm_unavailable",
      "lm_rate_limited",
      "worker_lost",
      "internal",
      "output_invalid",
      "cancelled",
    ),
  }),
  { maxLength: 120 },
);

function play(
  story: Story,
  steps: typeof facts extends fc.Arbitrary<infer T> ? T : never,
  from: number,
): number {
  let now = from;
  for (const { isBegin, key, gapMs, tookMs, code } of steps) {
    now += gapMs;
    if (isBegin) story.began(now, key);
    else story.ended(now, code, { key, beganMs: now - tookMs });
  }
  return now;
}

test("any log - shut at most a minute unless tried, told in turn, and read back it goes on alike", () => {
  fc.assert(
    fc.property(facts, facts, (first, second) => {
      const story = new Story();
      const now = play(story, first, 1_000_000);
      for (const {
        status,
        openUntilMs,
        cooldownMs,
        marks,
        times,
        trialMs,
      } of story.breakers.byKey.values()) {
        assert.ok(marks.length <= 20 && marks.length === times.length);
        assert.ok(cooldownMs >= 5_000 && cooldownMs <= 60_000);
        if (status === "closed") assert.equal(trialMs, undefined);
        else assert.ok(openUntilMs <= now + 60_000);
        if (status === "half-open") assert.ok(openUntilMs <= now);
        if (trialMs !== undefined) assert.ok(trialMs >= openUntilMs);
      }
      const copy = new Story();
      Object.assign(
        copy.breakers,
        breakersFromJson(JSON.parse(JSON.stringify(breakersToJson(story.breakers)))),
      );
      assert.deepEqual(breakersToJson(copy.breakers), breakersToJson(story.breakers));
      story.told.length = 0;
      play(story, second, now);
      play(copy, second, now);
      assert.deepEqual(copy.told, story.told);
      assert.deepEqual(breakersToJson(copy.breakers), breakersToJson(story.breakers));
    }),
  );
});

test("any log - of one key, openings and closings take turns and a trial goes between", () => {
  fc.assert(
    fc.property(facts, (steps) => {
      const story = new Story();
      play(
        story,
        steps.map((step) => ({ ...step, key: MODEL })),
        1_000_000,
      );
      const verbs = story.told.map((text) => text.slice(0, text.indexOf(":")));
      verbs.forEach((verb, at) => {
        const before = verbs[at - 1];
        if (verb === "half-opened") assert.equal(before, "opened");
        if (verb === "closed") assert.ok(before === "opened" || before === "half-opened");
        if (at === 0) assert.equal(verb, "opened");
      });
    }),
  );
});
