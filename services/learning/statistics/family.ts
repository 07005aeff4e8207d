// Families: what implementations of several programs have in common, such as their DSPy module and their model. How far
// they lie above or below the other arms of their programs is what a new program starts from.

import { CHANNELS } from "./channel.ts";
import { discountAfter } from "./discount.ts";
import { LEARNING_BOUNDS, type LearningState } from "./state.ts";

/** Observations of a family that are worth as much as knowing nothing of it. */
const CAUTION = 50;

/** Mean of one channel above that of all arms of the same programs, shrunk towards none. */
export function familyOffset(state: LearningState, family: string, channel: number): number {
  const sums = state.families.get(family);
  if (sums === undefined) return 0;
  return (sums[CHANNELS + channel] as number) / ((sums[channel] as number) + CAUTION);
}

export function observeFamily(state: LearningState, family: string, channel: number, above: number): void {
  if (family === "") return;
  const sums = state.families.get(family) ?? addFamily(state, family);
  const kept = discountAfter(1);
  sums[channel] = kept * (sums[channel] as number) + 1;
  sums[CHANNELS + channel] = kept * (sums[CHANNELS + channel] as number) + above;
}

function addFamily(state: LearningState, family: string): Float64Array {
  const sums = new Float64Array(2 * CHANNELS);
  state.families.set(family, sums);
  if (state.families.size > LEARNING_BOUNDS.families) {
    state.families.delete(state.families.keys().next().value as string);
  }
  return sums;
}
