// The posterior of one arm in one channel: shrunk from all arms to the arm, from the arm to the kind of task, and from
// there to the bucket of length or of load. Written into typed arrays, because this is the router's hot path.

import { CELL_SIZE, KIND_CELL, lengthCell, loadCell } from "../statistics/cell.ts";
import { CHANNELS, COUNT_OF, SUM_OF } from "../statistics/channel.ts";
import { discountAfter } from "../statistics/discount.ts";
import type { ArmStatistics } from "../statistics/state.ts";
import type { Pool } from "./pool.ts";
import { refinesByLoad, STRENGTH_OF, WHOLE_ONLY } from "./shrinkage.ts";

/** Which of an arm's cells a request falls into. */
export interface Place {
  /** Index of the kind of task; −1 = never seen. */
  kind: number;
  length: number;
  load: number;
}

/** What `forecast` found, by channel. */
export const expected = new Float64Array(CHANNELS);
export const variance = new Float64Array(CHANNELS);

/** Writes `expected[channel]` and `variance[channel]` for this arm as of `time`. */
export function forecast(
  pool: Pool,
  arm: ArmStatistics,
  time: number,
  place: Place,
  channel: number,
  shrinkage: number,
): void {
  const countOf = COUNT_OF[channel] as number;
  const sumOf = SUM_OF[channel] as number;
  const noise = pool.noise[channel] as number;
  const strength = pool.strength[channel] as number;
  const prior = (pool.mean[channel] as number) + (arm.offset[channel] as number);
  const whole = arm.whole.values;
  const kept = discountAfter(time - arm.whole.at);
  const weight = kept * (whole[countOf] as number) + strength;
  let mean = (kept * (whole[sumOf] as number) + strength * prior) / weight;
  let spread = noise / weight;
  if (shrinkage !== WHOLE_ONLY) {
    const above = STRENGTH_OF[shrinkage] as number;
    const block = place.kind < 0 ? undefined : arm.kinds[place.kind];
    const cells = block === undefined ? NO_CELLS : block.values;
    const left = block === undefined ? 0 : discountAfter(time - block.at);
    const bucket =
      block === undefined ? 0 : refinesByLoad(shrinkage) ? loadCell(place.load) : lengthCell(place.length);
    for (let level = 0; level < 2; level++) {
      const cell = level === 0 ? KIND_CELL : bucket;
      const total = left * (cells[cell + countOf] as number) + above;
      const trust = above / total;
      mean = (left * (cells[cell + sumOf] as number) + above * mean) / total;
      spread = noise / total + trust * trust * spread;
    }
  }
  expected[channel] = mean;
  variance[channel] = spread;
}

/** The kind cell of an arm that was never tried on a kind. */
const NO_CELLS = new Float64Array(CELL_SIZE);
