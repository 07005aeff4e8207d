// How sure one may be of a mean score, and of a difference of two: the intervals that `dspex optimize` reports, drawn by
// the same chance.

import { atLeast, invalid, notEmpty, sameLength } from "../arguments.ts";
import { MersenneTwister } from "./mersenne-twister.ts";

/** Of a normal distribution, 95 % lie within. */
const Z = 1.96;

export interface Interval {
  mean: number;
  low: number;
  high: number;
  count: number;
}

export interface BootstrapOptions {
  level?: number;
  resamples?: number;
  /** The same seed draws the same samples. A whole number below 2³². */
  seed?: number;
}

/** Percentile bootstrap of the mean: 2,000 samples with replacement, 95 %. */
export function bootstrapInterval(scores: readonly number[], options: BootstrapOptions = {}): Interval {
  const { level = 0.95, resamples = 2_000, seed = 0 } = options;
  notEmpty(scores, "scores");
  atLeast(resamples, 2, "resamples");
  if (!(level > 0 && level < 1)) throw invalid(`level ${level} is not between 0 and 1`);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw invalid(`seed ${seed} is not a whole number from 0 to 2^32 - 1`);
  }
  const chance = new MersenneTwister(seed);
  const count = scores.length;
  const means = new Float64Array(resamples);
  const sample = new Float64Array(count);
  for (let n = 0; n < resamples; n++) {
    for (let at = 0; at < count; at++) sample[at] = scores[Math.floor(chance.random() * count)] as number;
    means[n] = sumOf(sample) / count;
  }
  means.sort();
  // Rounded first: (1 − 0.95) / 2 is a little more than 0.025.
  const place = (share: number) => Math.floor(Number((resamples * share).toFixed(9)));
  const low = means[place((1 - level) / 2)] as number;
  const high = means[Math.max(0, place((1 + level) / 2) - 1)] as number;
  return { mean: sumOf(scores) / count, low, high, count };
}

/** Of the same examples, pair by pair. */
export function bootstrapDifference(
  better: readonly number[],
  worse: readonly number[],
  options: BootstrapOptions = {},
): Interval {
  sameLength(better, worse, "scores of the same examples are needed");
  return bootstrapInterval(
    better.map((score, n) => score - (worse[n] as number)),
    options,
  );
}

/** Wilson's interval of a share, 95 %. */
export function wilsonInterval(successes: number, count: number, z = Z): Interval {
  atLeast(count, 1, "count");
  if (!(successes >= 0 && successes <= count)) throw invalid(`${successes} of ${count} is no share`);
  const mean = successes / count;
  const square = z * z;
  const middle = (mean + square / (2 * count)) / (1 + square / count);
  const half =
    (z * Math.sqrt((mean * (1 - mean)) / count + square / (4 * count * count))) / (1 + square / count);
  return { mean, low: Math.max(0, middle - half), high: Math.min(1, middle + half), count };
}

/** Wilson's where every score is right (1) or wrong (0), else by bootstrap; both at 95 %. */
export function scoreInterval(scores: readonly number[]): Interval {
  notEmpty(scores, "scores");
  if (scores.some((score) => score !== 0 && score !== 1)) return bootstrapInterval(scores);
  return wilsonInterval(sumOf(scores), scores.length);
}

/** Neumaier's sum: what is lost in one addition is kept for the end. */
function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  let lost = 0;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost;
}
