// Notices that an arm has changed: two one-sided cumulative sums of its forecast errors (Page's test). Each sum keeps
// the observations since it was last zero, which are, when it rings, those after the change.

import { CELL_SIZE } from "../statistics/cell.ts";

/** Errors count up to so many standard deviations, less the slack. */
const CLIP = 3;
const SLACK = 0.5;
/** At 8 a stationary program rings twice in 5,000 outcomes, at 12 once in 40,000. */
const THRESHOLD = 12;
/** Before an arm is that well known nothing can have changed. */
const KNOWN = 8;

export interface Detector {
  down: number;
  up: number;
  /** Cell of the observations since `down` was last zero, and since `up` was. */
  sinceDown: Float64Array;
  sinceUp: Float64Array;
}

export function newDetector(): Detector {
  return { down: 0, up: 0, sinceDown: new Float64Array(CELL_SIZE), sinceUp: new Float64Array(CELL_SIZE) };
}

/**
 * Takes one observation and how far it was from its forecast, in standard deviations. `known` is the weight of the
 * arm's observations before it. Tells which way the arm has changed, if it has.
 */
export function detect(
  detector: Detector,
  error: number,
  known: number,
  observation: Float64Array,
): "better" | "worse" | undefined {
  const z = Math.min(CLIP, Math.max(-CLIP, error));
  detector.down = follow(detector.down - z - SLACK, detector.sinceDown, observation);
  detector.up = follow(detector.up + z - SLACK, detector.sinceUp, observation);
  if (known <= KNOWN) return undefined;
  if (detector.down > THRESHOLD) return "worse";
  return detector.up > THRESHOLD ? "better" : undefined;
}

function follow(sum: number, since: Float64Array, observation: Float64Array): number {
  if (sum <= 0) {
    since.fill(0);
    return 0;
  }
  for (let at = 0; at < CELL_SIZE; at++) since[at] = (since[at] as number) + (observation[at] as number);
  return sum;
}

export function resetDetector(detector: Detector): void {
  detector.down = 0;
  detector.up = 0;
  detector.sinceDown.fill(0);
  detector.sinceUp.fill(0);
}
