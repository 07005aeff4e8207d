// The rule: each arm is chosen with the probability that it is the best one under a tempered posterior, plus a floor.
// Probabilities are computed, not sampled, so they can be recorded and taken again to the last bit.

import { CHANNELS } from "../statistics/channel.ts";
import type { ArmStatistics, ProgramStatistics } from "../statistics/state.ts";
import { bestArmProbabilities, MAX_CANDIDATES } from "./best-arm.ts";
import { forecast, type Place } from "./forecast.ts";
import { newPool, poolArms } from "./pool.ts";
import { expectedReward, rewardVariance, type Weights } from "./reward.ts";
import { bestShrinkage } from "./shrinkage.ts";

/** What one policy may do otherwise than another on the same statistics. */
export interface PolicySettings {
  /** Posterior deviations are multiplied by it: Thompson sampling as such explores more than 5,000 requests repay. */
  temper: number;
  /** Shared evenly among the candidates, so that each keeps being tried and any other policy can be judged on the log. */
  floor: number;
}

export const DEFAULT_SETTINGS: PolicySettings = { temper: 0.5, floor: 0.05 };

/** Keeps spreads above 0. */
const LEAST_VARIANCE = 1e-12;

/** Expected reward of each candidate, as `armProbabilities` found it. */
export const rewards = new Float64Array(MAX_CANDIDATES);
/** … and its probability. */
export const probabilities = new Float64Array(MAX_CANDIDATES);

const spreads = new Float64Array(MAX_CANDIDATES);
const pool = newPool();
const shrinkages = new Uint8Array(CHANNELS);
const place: Place = { kind: -1, length: 0, load: 0 };

/**
 * Fills `rewards` and `probabilities` for the first `count` of `arms`, at most 64. `kind` is the index of the kind of
 * task, −1 for one never seen; `loads` has each candidate's load bucket. Allocates nothing.
 */
export function armProbabilities(
  program: ProgramStatistics,
  arms: readonly ArmStatistics[],
  count: number,
  kind: number,
  length: number,
  loads: Uint8Array,
  weights: Weights,
  { temper, floor }: PolicySettings = DEFAULT_SETTINGS,
): void {
  poolArms(pool, program, arms, count);
  for (let channel = 0; channel < CHANNELS; channel++) {
    shrinkages[channel] = bestShrinkage(program.errors, channel);
  }
  place.kind = kind;
  place.length = length;
  for (let k = 0; k < count; k++) {
    const arm = arms[k] as ArmStatistics;
    place.load = loads[k] as number;
    for (let channel = 0; channel < CHANNELS; channel++) {
      forecast(pool, arm, program.time, place, channel, shrinkages[channel] as number);
    }
    rewards[k] = expectedReward(weights);
    spreads[k] = temper * Math.sqrt(rewardVariance(weights) + LEAST_VARIANCE);
  }
  bestArmProbabilities(rewards, spreads, count, probabilities);
  const share = floor / count;
  for (let k = 0; k < count; k++) probabilities[k] = (1 - floor) * (probabilities[k] as number) + share;
}

/** The candidate on which `chance` in [0, 1) falls. */
export function pick(count: number, chance: number): number {
  let sum = 0;
  for (let k = 0; k < count - 1; k++) {
    sum += probabilities[k] as number;
    if (chance < sum) return k;
  }
  return count - 1;
}
