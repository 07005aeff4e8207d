// An environment in which whoever gets more work becomes slower: arms have few slots, and requests come at random.

import { between, chance } from "./chance.ts";
import type { Environment, Truth } from "./environment.ts";

const ARMS = 5;
/** Part of what all arms together could do. */
const UTILISATION = 0.3;

export function underLoad(seed: number): Environment {
  const draw = (what: number, arm: number, low: number, high: number) =>
    between(low, high, chance(seed, what, arm));
  const arms = Array.from({ length: ARMS }, (_, arm) => ({
    slots: Math.floor(draw(20, arm, 2, 6)),
    medianMs: draw(21, arm, 270, 750),
    success: draw(22, arm, 0.75, 0.97),
    quality: draw(23, arm, 0.3, 0.9),
    cost: draw(24, arm, 0.2, 0.6),
  }));
  const perMs = arms.reduce((sum, { slots, medianMs }) => sum + slots / medianMs, 0);
  const meanGapMs = 1 / (UTILISATION * perMs);
  return {
    arms: ARMS,
    available: () => true,
    task: () => "task",
    length: () => 0,
    truth(_request, arm, inFlight): Truth {
      const { slots, medianMs, success, quality, cost } = arms[arm] as (typeof arms)[number];
      return { success, quality, cost, medianMs: medianMs * Math.max(1, (inFlight + 1) / slots), sigma: 0.4 };
    },
    gapMs: (request) => -meanGapMs * Math.log(chance(seed, 25, request)),
    scored: 1,
    scoreDelay: undefined,
  };
}
