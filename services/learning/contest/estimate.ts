// What a challenger would have got on the champion's own decisions: the self-normalised mean with its interval, kept as
// sums. For people to read beside the bet; the bet alone decides.

import type { Estimate } from "../evaluate/interval.ts";
import { studentQuantile } from "../evaluate/student.ts";

/** Sums over decisions; w = challenger's over champion's probability of what was chosen, r = reward. */
export interface RunningEstimate {
  count: number;
  w: number;
  wr: number;
  ww: number;
  wwr: number;
  wwrr: number;
}

export function newEstimate(): RunningEstimate {
  return { count: 0, w: 0, wr: 0, ww: 0, wwr: 0, wwrr: 0 };
}

export function observeWeighted(sums: RunningEstimate, weight: number, reward: number): void {
  sums.count++;
  sums.w += weight;
  sums.wr += weight * reward;
  sums.ww += weight * weight;
  sums.wwr += weight * weight * reward;
  sums.wwrr += weight * weight * reward * reward;
}

/** Degrees of freedom from the effective sample: a few heavy weights are few observations. */
export function estimateOf({ count, w, wr, ww, wwr, wwrr }: RunningEstimate): Estimate {
  if (count < 2 || w <= 0) return { value: w > 0 ? wr / w : 0, halfWidth: 1, df: 0 };
  const value = wr / w;
  const squares = Math.max(0, wwrr - 2 * value * wwr + value * value * ww);
  const df = (w * w) / ww - 1;
  return { value, halfWidth: Math.min(1, (studentQuantile(df) * Math.sqrt(squares)) / w), df };
}
