// What the arms of a program have in common, channel by channel: their mean, how much they differ (empirical Bayes by
// moments, so that twenty similar arms are not explored like five that are far apart), and the noise of one observation.

import {
  CHANNELS,
  COUNT_OF,
  LEAST_SPREAD,
  PRIOR_MEAN,
  PRIOR_MEAN_WEIGHT,
  PRIOR_NOISE,
  PRIOR_NOISE_WEIGHT,
  PRIOR_SPREAD,
  PRIOR_SPREAD_WEIGHT,
  SUM_OF,
} from "../statistics/channel.ts";
import { discountAfter } from "../statistics/discount.ts";
import type { ArmStatistics, ProgramStatistics } from "../statistics/state.ts";

export interface Pool {
  mean: Float64Array;
  noise: Float64Array;
  /** Observations that the prior of an arm is worth: noise / spread. */
  strength: Float64Array;
}

export function newPool(): Pool {
  return {
    mean: new Float64Array(CHANNELS),
    noise: new Float64Array(CHANNELS),
    strength: new Float64Array(CHANNELS),
  };
}

/** Fills `pool` from the first `count` of `arms`. */
export function poolArms(
  pool: Pool,
  program: ProgramStatistics,
  arms: readonly ArmStatistics[],
  count: number,
): void {
  for (let channel = 0; channel < CHANNELS; channel++) {
    const noise =
      ((program.squares[channel] as number) + PRIOR_NOISE_WEIGHT * (PRIOR_NOISE[channel] as number)) /
      ((program.counts[channel] as number) + PRIOR_NOISE_WEIGHT);
    const priorSpread = PRIOR_SPREAD[channel] as number;
    const usual = noise / priorSpread;
    const countOf = COUNT_OF[channel] as number;
    const sumOf = SUM_OF[channel] as number;

    let weight = PRIOR_MEAN_WEIGHT;
    let sum = PRIOR_MEAN_WEIGHT * (PRIOR_MEAN[channel] as number);
    for (let k = 0; k < count; k++) {
      const { whole, offset } = arms[k] as ArmStatistics;
      const kept = discountAfter(program.time - whole.at);
      const n = kept * (whole.values[countOf] as number);
      const trust = 1 / (n + usual);
      weight += n * trust;
      sum += (kept * (whole.values[sumOf] as number) - n * (offset[channel] as number)) * trust;
    }
    const mean = sum / weight;

    weight = PRIOR_SPREAD_WEIGHT;
    let spread = PRIOR_SPREAD_WEIGHT * priorSpread;
    for (let k = 0; k < count; k++) {
      const { whole } = arms[k] as ArmStatistics;
      const kept = discountAfter(program.time - whole.at);
      const n = kept * (whole.values[countOf] as number);
      if (n <= 0) continue;
      const trust = n / (n + usual);
      const distance = (kept * (whole.values[sumOf] as number)) / n - mean;
      weight += trust;
      spread += trust * (distance * distance - noise / n);
    }
    spread /= weight;
    if (!(spread > LEAST_SPREAD * priorSpread)) spread = LEAST_SPREAD * priorSpread;

    pool.mean[channel] = mean;
    pool.noise[channel] = noise;
    pool.strength[channel] = noise / spread;
  }
}
