// The rule that ours began with, for comparison: one mean of reward in two channels whose noises are taken for
// independent, shrunk towards all requests rather than all arms, tempered by 0.7. Failures are scored like successes.

import { detect, newDetector, resetDetector } from "../../../services/learning/drift/detector.ts";
import { bestArmProbabilities } from "../../../services/learning/posterior/best-arm.ts";
import { BALANCED } from "../../../services/learning/posterior/reward.ts";
import { loadBucket } from "../../../services/learning/statistics/cell.ts";
import { discountAfter } from "../../../services/learning/statistics/discount.ts";
import { chance } from "../chance.ts";
import type { Environment } from "../environment.ts";
import type { Asked, Policy, Seen } from "../simulate.ts";

const STRENGTHS = [3, 10, 40, 1_000];
const WEIGHT = 2;
const PRIOR = 0.35;
const TEMPER = 0.7;
const FLOOR = 0.05;

interface Cell {
  at: number;
  n: number;
  sum: number;
}

/** Immediate reward, or quality. */
class Channel {
  readonly #cells = new Map<string, Cell>();
  readonly #errors = [0, 0, 0, 0];
  #count = 5;
  #squares = 5 * 0.06;
  #all: Cell = { at: 0, n: 0, sum: 0 };

  get noise(): number {
    return this.#squares / this.#count;
  }

  weight(key: string, now: number): number {
    return this.#at(key, now).n;
  }

  /** Mean and variance of an arm; `keys` from the whole arm to its narrowest cell. */
  estimate(keys: readonly string[], now: number, model = this.#best()): readonly [number, number] {
    const strength = STRENGTHS[model] as number;
    const general = (this.#all.sum + WEIGHT * PRIOR) / (this.#all.n + WEIGHT);
    let mean = 0;
    let variance = 0;
    for (const [level, key] of keys.entries()) {
      const { n, sum } = this.#at(key, now);
      const above = level === 0 ? WEIGHT : strength;
      mean = (sum + above * (level === 0 ? general : mean)) / (n + above);
      if (level === 0) variance = this.noise / (n + above);
      else if (strength < 1_000) variance = this.noise / (n + above) + (above / (n + above)) ** 2 * variance;
    }
    return [mean, variance];
  }

  learn(keys: readonly string[], now: number, value: number): void {
    const kept = discountAfter(1);
    const [used] = this.estimate(keys, now);
    this.#errors.forEach((error, model) => {
      this.#errors[model] = error * kept + (value - this.estimate(keys, now, model)[0]) ** 2;
    });
    this.#count = this.#count * kept + 1;
    this.#squares = this.#squares * kept + (value - used) ** 2;
    this.#all = { at: now, n: this.#all.n * kept + 1, sum: this.#all.sum * kept + value };
    for (const key of keys) {
      const { n, sum } = this.#at(key, now);
      this.#cells.set(key, { at: now, n: n + 1, sum: sum + value });
    }
  }

  restart(arm: string, now: number, n: number, sum: number): void {
    for (const key of this.#cells.keys()) if (key.startsWith(`${arm}/`)) this.#cells.delete(key);
    this.#cells.set(arm, { at: now, n, sum });
  }

  #at(key: string, now: number): Cell {
    const cell = this.#cells.get(key);
    if (cell === undefined) return { at: now, n: 0, sum: 0 };
    const kept = discountAfter(now - cell.at);
    return { at: now, n: cell.n * kept, sum: cell.sum * kept };
  }

  #best(): number {
    return this.#errors.reduce((best, error, at, all) => (error < (all[best] as number) ? at : best), 3);
  }
}

/** Refines by load where requests come by their own clock, else by length. */
export function earlierRule(seed: number, environment: Environment): Policy {
  const byLoad = environment.gapMs !== undefined;
  const immediate = new Channel();
  const quality = new Channel();
  const detectors = Array.from({ length: 64 }, newDetector);
  const means = new Float64Array(64);
  const spreads = new Float64Array(64);
  const found = new Float64Array(64);
  const byArm = new Float64Array(64);
  let time = 0;
  const keysOf = (arm: number, { task, length }: Asked, inFlight: number): string[] => {
    const bucket = byLoad ? loadBucket(inFlight) : length;
    return [`${arm}`, `${arm}/${task}`, `${arm}/${task}/${bucket}`];
  };
  const learnQuality = (seen: Seen, score: number): void =>
    quality.learn(keysOf(seen.arm, seen.asked, seen.inFlight), time, BALANCED.quality * score);
  return {
    choose(asked) {
      for (const [at, arm] of asked.available.entries()) {
        const keys = keysOf(arm, asked, asked.inFlight[arm] as number);
        const [m1, v1] = immediate.estimate(keys, time);
        const [m2, v2] = quality.estimate(keys, time);
        means[at] = m1 + m2;
        spreads[at] = TEMPER * Math.sqrt(v1 + v2);
      }
      const count = asked.available.length;
      bestArmProbabilities(means, spreads, count, found);
      let left = chance(seed, 72, asked.request);
      let chosen = -1;
      for (const [at, arm] of asked.available.entries()) {
        byArm[arm] = (1 - FLOOR) * (found[at] as number) + FLOOR / count;
        left -= byArm[arm] as number;
        if (left < 0 && chosen < 0) chosen = arm;
      }
      return chosen < 0 ? (asked.available[count - 1] as number) : chosen;
    },
    probabilities: () => byArm,
    learn(seen) {
      const { arm, asked, success, inTime, cost } = seen;
      const keys = keysOf(arm, asked, seen.inFlight);
      const value = success ? BALANCED.time * inTime + BALANCED.cost * (1 - cost) : 0;
      const [forecast] = immediate.estimate(keys, time);
      const detector = detectors[arm] as (typeof detectors)[number];
      const error = (value - forecast) / Math.sqrt(immediate.noise);
      const change = detect(
        detector,
        error,
        immediate.weight(`${arm}`, time),
        Float64Array.of(1, value, 0, 0, 0, 0),
      );
      immediate.learn(keys, time, value);
      time++;
      if (change !== undefined) {
        const since = change === "worse" ? detector.sinceDown : detector.sinceUp;
        immediate.restart(`${arm}`, time, since[0] as number, since[1] as number);
        quality.restart(`${arm}`, time, 0, 0);
        resetDetector(detector);
      }
      if (seen.quality !== undefined) learnQuality(seen, seen.quality);
      else if (!success && chance(seed, 73, asked.request) < environment.scored) learnQuality(seen, 0);
    },
    score: learnQuality,
  };
}
