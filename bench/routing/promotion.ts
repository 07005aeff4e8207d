// Does the promotion test keep its promise when it is asked after every request, and how soon does it find five points?

import {
  isBetter,
  newPromotion,
  observePaired,
  observeSplit,
} from "../../services/learning/evaluate/promotion.ts";
import { chance } from "./chance.ts";

export interface Trial {
  /** Points of reward by which the challenger is better. */
  gain: number;
  /** Both answer every request, or chance gives each to one of them. */
  paired: boolean;
  /** Rewards are all or nothing: as noisy as they can be. */
  binary: boolean;
}

/** Mean reward of the champion. */
const CHAMPION = 0.6;
/** Reward of a success where rewards are not binary, and half the width of its range. */
const SUCCESS = 0.75;
const RANGE = 0.25;

/** Request at which the challenger was promoted; undefined = never. */
export function promotedAt(
  seed: number,
  requests: number,
  { gain, paired, binary }: Trial,
): number | undefined {
  const promotion = newPromotion();
  const reward = (request: number, challenger: boolean): number => {
    const side = challenger ? 1 : 0;
    const mean = CHAMPION + (challenger ? gain : 0);
    if (binary) return chance(seed, 90 + side, request) < mean ? 1 : 0;
    if (chance(seed, 92 + side, request) >= mean / SUCCESS) return 0;
    return SUCCESS + RANGE * (2 * chance(seed, 94 + side, request) - 1);
  };
  for (let request = 0; request < requests; request++) {
    if (paired) {
      observePaired(promotion, reward(request, true), reward(request, false));
    } else {
      const challenger = chance(seed, 96, request) < 0.5;
      observeSplit(promotion, challenger ? "challenger" : "champion", reward(request, challenger), 0.5);
    }
    if (isBetter(promotion)) return request + 1;
  }
  return undefined;
}
