// What a router may do without learning, or with the simplest learning there is.

import { BALANCED } from "../../../services/learning/posterior/reward.ts";
import { chance } from "../chance.ts";
import { bestArm, type Environment } from "../environment.ts";
import type { Policy } from "../simulate.ts";

export function oracle(environment: Environment): Policy {
  return { choose: ({ request, inFlight }) => bestArm(environment, request, inFlight), learn: () => {} };
}

export function roundRobin(): Policy {
  return {
    choose: ({ request, available }) => available[request % available.length] as number,
    learn: () => {},
  };
}

/** Always the same one, as by declared order. */
export function always(arm: number): Policy {
  return { choose: () => arm, learn: () => {} };
}

/** One request in ten at random, else the arm with the best mean so far. */
export function epsilonGreedy(seed: number): Policy {
  const arms = Array.from({ length: 64 }, () => ({ count: 0, success: 0, rest: 0, scored: 0, quality: 0 }));
  const mean = (arm: number): number => {
    const { count, success, rest, scored, quality } = arms[arm] as (typeof arms)[number];
    if (count === 0) return 2;
    const satisfied = scored === 0 ? 0.7 : quality / scored;
    return (rest + BALANCED.quality * satisfied * success) / count;
  };
  const take = (arm: number, quality: number): void => {
    const one = arms[arm] as (typeof arms)[number];
    one.scored++;
    one.quality += quality;
  };
  return {
    choose({ request, available }) {
      if (chance(seed, 70, request) < 0.1) {
        return available[Math.floor(chance(seed, 71, request) * available.length)] as number;
      }
      return available.reduce((best, arm) => (mean(arm) > mean(best) ? arm : best));
    },
    learn({ arm, success, inTime, cost, quality }) {
      const one = arms[arm] as (typeof arms)[number];
      one.count++;
      if (!success) return;
      one.success++;
      one.rest += BALANCED.time * inTime + BALANCED.cost * (1 - cost);
      if (quality !== undefined) take(arm, quality);
    },
    score: ({ arm }, quality) => take(arm, quality),
  };
}
