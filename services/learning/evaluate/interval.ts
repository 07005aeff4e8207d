// A 95 % interval for the mean of scores. The degrees of freedom come from the scores themselves: a few heavy weights
// are worth few observations, however many light ones there are.

import { studentQuantile } from "./student.ts";

export interface Estimate {
  value: number;
  halfWidth: number;
  /** Degrees of freedom of the interval. */
  df: number;
}

/** `centred[i]` is how far the i-th score lies from `value`. */
export function estimateFrom(value: number, centred: Float64Array): Estimate {
  let squares = 0;
  let fourths = 0;
  for (let at = 0; at < centred.length; at++) {
    const square = (centred[at] as number) * (centred[at] as number);
    squares += square;
    fourths += square * square;
  }
  if (fourths === 0) return { value, halfWidth: centred.length > 1 ? 0 : 1, df: 0 };
  const df = (squares * squares) / fourths - 1;
  return { value, halfWidth: (studentQuantile(df) * Math.sqrt(squares)) / centred.length, df };
}
