// A few seeds of the contest of settings: enough to notice when it promotes what is no better, or finds nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { PolicySettings } from "../../schemas/messages/policy-event.ts";
import { STANDARD_SETTINGS } from "../../services/learning/policy/state.ts";
import { alike, runContest } from "./contest.ts";
import { ENVIRONMENTS } from "./environments.ts";

const UNIFORM: PolicySettings = { name: "uniform", rule: "uniform", temper: 1, floor: 1 };

test("arms that are all alike - no settings are better than others, and next to never are others promoted", () => {
  const seeds = Array.from({ length: 24 }, (_, seed) => seed);
  const wrong = seeds.filter((seed) => {
    const champion = seed % 2 === 0 ? STANDARD_SETTINGS : UNIFORM;
    return runContest(alike(seed), seed, 1_000, champion).promotedAt !== undefined;
  });
  assert.ok(wrong.length <= 1, `${wrong.length} false promotions of ${seeds.length}`);
});

test("a champion that ignores what it learns - is replaced within 3,000 decisions by what is better", () => {
  for (const seed of [0, 1, 2, 3]) {
    const make = ENVIRONMENTS[seed % 2 === 0 ? "a" : "b"]?.make as (typeof ENVIRONMENTS)[string]["make"];
    const { promotedAt, gain } = runContest(make(seed), seed, 3_000, UNIFORM);
    assert.ok(promotedAt !== undefined && gain > 0, `seed ${seed}: ${promotedAt}, ${gain}`);
  }
});
