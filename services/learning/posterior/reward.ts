// Reward of a request: success · (quality · q + time · t + cost · c), weights of one user's preference, all in 0 to 1.

import { KEEPS_TIME, SATISFIES, SAVES, SUCCEEDS } from "../statistics/channel.ts";
import { expected, variance } from "./forecast.ts";

/** They sum to 1. */
export interface Weights {
  quality: number;
  time: number;
  cost: number;
}

export const BALANCED: Weights = { quality: 0.6, time: 0.25, cost: 0.15 };

const BY_PREFERENCE: Record<"speed" | "quality" | "cost", Weights> = {
  speed: { quality: 0.3, time: 0.6, cost: 0.1 },
  quality: { quality: 0.85, time: 0.1, cost: 0.05 },
  cost: { quality: 0.3, time: 0.1, cost: 0.6 },
};

/** Weights for a request's `prefer`. */
export function weightsFor(prefer: keyof typeof BY_PREFERENCE | undefined): Weights {
  return prefer === undefined ? BALANCED : BY_PREFERENCE[prefer];
}

/** Expected reward of the arm that was forecast last. */
export function expectedReward({ quality, time, cost }: Weights): number {
  return (expected[SUCCEEDS] as number) * given(quality, time, cost);
}

/** Variance of that expectation, to first order: channels are independent given the arm. */
export function rewardVariance({ quality, time, cost }: Weights): number {
  const inner = given(quality, time, cost);
  const success = expected[SUCCEEDS] as number;
  return (
    inner * inner * (variance[SUCCEEDS] as number) +
    success *
      success *
      (quality * quality * (variance[SATISFIES] as number) +
        time * time * (variance[KEEPS_TIME] as number) +
        cost * cost * (variance[SAVES] as number))
  );
}

/** Expected reward of a success. */
function given(quality: number, time: number, cost: number): number {
  return (
    quality * (expected[SATISFIES] as number) +
    time * (expected[KEEPS_TIME] as number) +
    cost * (expected[SAVES] as number)
  );
}
