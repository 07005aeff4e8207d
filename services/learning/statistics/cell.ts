// One cell of statistics: six discounted sums over the observations of an arm. They do not depend on what a user
// prefers: any weighting of success, time, cost and quality is a linear function of them.

/** Observations. */
export const COUNT = 0;
/** … that succeeded. */
export const SUCCESS = 1;
/** Sum over the successes of how much they were in time, 0 to 1. */
export const IN_TIME = 2;
/** Sum over the successes of how cheap they were, 0 to 1. */
export const THRIFT = 3;
/** Successes whose quality somebody scored. */
export const SCORED = 4;
/** Sum of those scores. */
export const QUALITY = 5;

export const CELL_SIZE = 6;

/** Values of the two refinements below a kind of task: how long the inputs are, how busy the arm is. */
export const LENGTH_BUCKETS = 4;
export const LOAD_BUCKETS = 4;

/** A block holds one arm's cells for one kind of task: the kind itself, then its length buckets, then its load buckets. */
export const BLOCK_SIZE = (1 + LENGTH_BUCKETS + LOAD_BUCKETS) * CELL_SIZE;
export const KIND_CELL = 0;

export function lengthCell(bucket: number): number {
  return (1 + bucket) * CELL_SIZE;
}

export function loadCell(bucket: number): number {
  return (1 + LENGTH_BUCKETS + bucket) * CELL_SIZE;
}

/** Which load bucket so much unfinished work of an arm falls into. */
export function loadBucket(inFlight: number): number {
  if (inFlight <= 0) return 0;
  if (inFlight <= 2) return 1;
  return inFlight <= 5 ? 2 : 3;
}

export function scale(sums: Float64Array, factor: number): void {
  for (let at = 0; at < sums.length; at++) sums[at] = (sums[at] as number) * factor;
}
