// What is measured of a policy's course: its part of what an oracle gets, and how soon it finds its way after a change.

import { bestArm, type Environment, worth } from "./environment.ts";
import { FAILS_AT } from "./environments.ts";
import { oracle } from "./policies/baselines.ts";
import { type Course, type Policy, simulate } from "./simulate.ts";

export const EARLY = 500;
export const REQUESTS = 5_000;

/** % of the oracle's reward over the first 500 and over all requests. */
export interface Part {
  early: number;
  all: number;
}

export function partOf(course: Course, best: Course): Part {
  const part = (until: number) => (100 * total(course.worths, until)) / total(best.worths, until);
  return { early: part(EARLY), all: part(best.worths.length) };
}

/** The same oracle for all policies of an environment. */
export function oracleCourse(environment: Environment, seed: number): Course {
  return simulate(environment, seed, REQUESTS, oracle(environment));
}

export interface Adaptation {
  /** Requests after the failure until the policy's choice is worth at least 90 % of the oracle's, and stays so. */
  requests: number;
  /** Part of the next 500 requests that went to the broken arm, %. */
  broken: number;
  /** Reward over the 4,000 requests after it. */
  reward: number;
}

/** Choices in a row that must be good enough. */
const STAYS = 10;
const AFTER = 4_000;

export function adaptation(environment: Environment, seed: number, policy: Policy): Adaptation {
  const { worths, expected, arms } = simulate(environment, seed, FAILS_AT + AFTER, policy);
  const none: number[] = [];
  const broken = bestArm(environment, FAILS_AT - 1, none);
  const best = worth(environment.truth(FAILS_AT, bestArm(environment, FAILS_AT, none), 0));
  let requests = 0;
  let good = 0;
  while (good < STAYS && FAILS_AT + requests < expected.length) {
    good = (expected[FAILS_AT + requests] as number) >= 0.9 * best ? good + 1 : 0;
    requests++;
  }
  let toBroken = 0;
  for (let at = FAILS_AT; at < FAILS_AT + 500; at++) if (arms[at] === broken) toBroken++;
  return { requests: requests - good, broken: toBroken / 5, reward: total(worths.subarray(FAILS_AT), AFTER) };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function total(values: Float64Array, until: number): number {
  let sum = 0;
  for (let at = 0; at < until; at++) sum += values[at] as number;
  return sum;
}
