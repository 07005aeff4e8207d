// A world for policies: requests of some kinds, arms that answer them more or less well, and what is seen of it when.

import { phi } from "../../services/learning/posterior/normal.ts";
import { BALANCED } from "../../services/learning/posterior/reward.ts";

/** What is true of an arm for one request. */
export interface Truth {
  success: number;
  /** Mean quality of a success. */
  quality: number;
  /** Share of the highest possible cost. */
  cost: number;
  /** Its latency is log-normal. */
  medianMs: number;
  sigma: number;
}

export const DEADLINE_MS = 1_000;

export interface Environment {
  arms: number;
  available(request: number, arm: number): boolean;
  task(request: number): string;
  /** Length bucket. */
  length(request: number): number;
  /** `inFlight` = the arm's unfinished requests. */
  truth(request: number, arm: number, inFlight: number): Truth;
  /** Time since the request before; undefined = each is answered before the next comes. */
  gapMs: ((request: number) => number) | undefined;
  /** Which part of the successes gets a score, and how many requests later. */
  scored: number;
  scoreDelay: readonly [least: number, most: number] | undefined;
}

/** Expected reward. */
export function worth({ success, quality, cost, medianMs, sigma }: Truth): number {
  const inTime = phi(Math.log(DEADLINE_MS / medianMs) / sigma);
  return success * (BALANCED.quality * quality + BALANCED.time * inTime + BALANCED.cost * (1 - cost));
}

/** The arm that an oracle takes. */
export function bestArm(environment: Environment, request: number, inFlight: ArrayLike<number>): number {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (let arm = 0; arm < environment.arms; arm++) {
    if (!environment.available(request, arm)) continue;
    const value = worth(environment.truth(request, arm, inFlight[arm] ?? 0));
    if (value > most) {
      most = value;
      best = arm;
    }
  }
  return best;
}
