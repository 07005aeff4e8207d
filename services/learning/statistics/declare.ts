// The arms of a program, as it is registered. An arm that was there keeps what is known of it; a new declaration of the
// same implementation starts at what was known of the last one; a new implementation starts at what its family has
// achieved in other programs.

import { CELL_SIZE, COUNT, QUALITY, SCORED } from "./cell.ts";
import { CHANNELS, KEEPS_TIME, SAVES, SUCCEEDS } from "./channel.ts";
import { discountAfter } from "./discount.ts";
import type { DeclaredArm } from "./event.ts";
import { familyOffset } from "./family.ts";
import {
  type ArmStatistics,
  LEARNING_BOUNDS,
  type LearningState,
  newArm,
  type ProgramStatistics,
} from "./state.ts";

/** What of the former declaration's observations a new one takes over, at most. */
const INHERITED = 5;

/** By how much a function is believed to keep time, and to save, above the mean of a program's arms. */
const FUNCTION_KEEPS_TIME = 0.2;
const FUNCTION_SAVES = 0.35;

/** By how much the first declared is believed to succeed more often than the average, and the last less. */
const RANK_BONUS = 0.02;

export function declareArms(
  state: LearningState,
  program: ProgramStatistics,
  declared: readonly DeclaredArm[],
): void {
  for (const [rank, one] of declared.entries()) {
    const { key } = one;
    const arm = program.arms.get(key);
    if (arm === undefined) {
      addArm(state, program, startArm(state, program, one, rank, declared.length));
    } else {
      // Declared now, so the last to be evicted.
      program.arms.delete(key);
      program.arms.set(key, arm);
    }
  }
}

/** Adds a new arm, in place of the oldest where there are too many. */
export function addArm(state: LearningState, program: ProgramStatistics, arm: ArmStatistics): void {
  program.arms.set(arm.key, arm);
  state.entries += entriesOf(arm);
  if (program.arms.size <= LEARNING_BOUNDS.arms) return;
  const [key, oldest] = program.arms.entries().next().value as [string, ArmStatistics];
  program.arms.delete(key);
  state.entries -= entriesOf(oldest);
}

/** The arm itself, and the kinds of task on which it was tried. */
export function entriesOf({ kinds }: ArmStatistics): number {
  let entries = 1;
  for (const block of kinds) if (block !== undefined) entries++;
  return entries;
}

function startArm(
  state: LearningState,
  program: ProgramStatistics,
  { key, name, family, isFunction }: DeclaredArm,
  rank: number,
  ranks: number,
): ArmStatistics {
  const arm = newArm(key, name, family, program.time);
  const parent = newestOf(program, name);
  if (parent !== undefined) {
    inherit(arm, parent, program.time);
    return arm;
  }
  for (let channel = 0; channel < CHANNELS; channel++) {
    arm.offset[channel] = familyOffset(state, family, channel);
  }
  if (isFunction === true) {
    arm.offset[KEEPS_TIME] = (arm.offset[KEEPS_TIME] as number) + FUNCTION_KEEPS_TIME;
    arm.offset[SAVES] = (arm.offset[SAVES] as number) + FUNCTION_SAVES;
  }
  if (ranks > 1) {
    const bonus = RANK_BONUS * (1 - (2 * rank) / (ranks - 1));
    arm.offset[SUCCEEDS] = (arm.offset[SUCCEEDS] as number) + bonus;
  }
  return arm;
}

/** The arm of this implementation that was declared last. */
function newestOf(program: ProgramStatistics, name: string): ArmStatistics | undefined {
  let newest: ArmStatistics | undefined;
  for (const arm of program.arms.values()) if (arm.name === name) newest = arm;
  return newest;
}

function inherit(arm: ArmStatistics, parent: ArmStatistics, time: number): void {
  arm.offset.set(parent.offset);
  const kept = discountAfter(time - parent.whole.at);
  const from = parent.whole.values;
  const counted = share(kept, from[COUNT] as number);
  const scored = share(kept, from[SCORED] as number);
  for (let at = 0; at < CELL_SIZE; at++) {
    const part = at === SCORED || at === QUALITY ? scored : counted;
    arm.whole.values[at] = (from[at] as number) * part;
  }
}

/** The factor by which sums with this count are scaled down to the inherited weight. */
function share(kept: number, count: number): number {
  return kept * count > INHERITED ? INHERITED / count : kept;
}
