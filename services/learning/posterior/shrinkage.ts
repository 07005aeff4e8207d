// How far the statistics of a kind of task, and of one bucket in it, are trusted over those of the level above. Several
// answers compete in each program; the one that has forecast best so far is used.

/** Observations that the level above is worth. The last candidate does not look below the program's level. */
const STRENGTHS = [3, 10, 40];

/** By length three, by load three, and not at all. */
export const SHRINKAGES = 2 * STRENGTHS.length + 1;
export const WHOLE_ONLY = SHRINKAGES - 1;

export const STRENGTH_OF = Float64Array.of(...STRENGTHS, ...STRENGTHS, Number.POSITIVE_INFINITY);

/** Whether a candidate refines by load, else by length. */
export function refinesByLoad(shrinkage: number): boolean {
  return shrinkage >= STRENGTHS.length;
}

/** The candidate with the least forecast error in one channel; `errors` has all channels in turn. */
export function bestShrinkage(errors: Float64Array, channel: number): number {
  const start = channel * SHRINKAGES;
  let best = WHOLE_ONLY;
  for (let candidate = WHOLE_ONLY - 1; candidate >= 0; candidate--) {
    if ((errors[start + candidate] as number) < (errors[start + best] as number)) best = candidate;
  }
  return best;
}
