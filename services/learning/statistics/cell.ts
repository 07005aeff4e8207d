// One cell of statistics: six sums over observations of an arm. They do not depend on what a user prefers: any
// weighting of success, time, cost and quality can be read from them.

/** Observations. */
export const COUNT = 0;
/** … that succeeded. */
export const SUCCESS = 1;
/** Sum over the successes of how well they kept their time, 0 to 1. */
export const IN_TIME = 2;
/** Sum over the successes of how little they cost, 0 to 1. */
export const THRIFT = 3;
/** Successes whose quality somebody scored. */
export const SCORED = 4;
/** Sum of those scores, 0 to 1. */
export const QUALITY = 5;

export const CELL_SIZE = 6;

/** How long the inputs are. */
export const LENGTH_BUCKETS = 4;
/** How much unfinished work the arm has. */
export const LOAD_BUCKETS = 4;

/** A block: an arm's cells for one kind of task, which are the kind as a whole, by length, and by load. */
export const BLOCK_SIZE = (1 + LENGTH_BUCKETS + LOAD_BUCKETS) * CELL_SIZE;
export const KIND_CELL = 0;

export function lengthCell(bucket: number): number {
  return (1 + bucket) * CELL_SIZE;
}

export function loadCell(bucket: number): number {
  return (1 + LENGTH_BUCKETS + bucket) * CELL_SIZE;
}

/** The load bucket of so many unfinished attempts of an arm: none, 1–2, 3–5, more. */
export function loadBucket(inFlight: number): number {
  if (inFlight <= 0) return 0;
  if (inFlight <= 2) return 1;
  return inFlight <= 5 ? 2 : 3;
}

/** Sums that are discounted lazily: they are as of `at`, a number of outcomes of their program. */
export interface Sums {
  at: number;
  values: Float64Array;
}

export function newSums(size: number, at: number): Sums {
  return { at, values: new Float64Array(size) };
}
