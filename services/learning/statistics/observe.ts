// Takes one outcome, or one late score, into the statistics: forecasts it first, so that noise, shrinkage and change
// are judged by what was not yet known, then adds it to the arm's cells.

import { detect } from "../drift/detector.ts";
import { expected, forecast, type Place } from "../posterior/forecast.ts";
import { newPool, type Pool, poolArms } from "../posterior/pool.ts";
import { BALANCED, expectedReward } from "../posterior/reward.ts";
import { bestShrinkage, SHRINKAGES } from "../posterior/shrinkage.ts";
import {
  BLOCK_SIZE,
  CELL_SIZE,
  COUNT,
  IN_TIME,
  KIND_CELL,
  lengthCell,
  loadCell,
  newSums,
  QUALITY,
  SCORED,
  SUCCESS,
  type Sums,
  THRIFT,
} from "./cell.ts";
import { CHANNELS, COUNT_OF, KEEPS_TIME, SATISFIES, SAVES, SUCCEEDS } from "./channel.ts";
import { addArm } from "./declare.ts";
import { discountAfter } from "./discount.ts";
import type { Outcome, OutcomePlace } from "./event.ts";
import { observeFamily } from "./family.ts";
import { restart } from "./restart.ts";
import {
  type ArmStatistics,
  kindIndex,
  LEARNING_BOUNDS,
  type LearningState,
  newArm,
  type ProgramStatistics,
} from "./state.ts";

/** Belief about the variance of rewards around their forecast, and its weight in observations. */
const PRIOR_REWARD_NOISE = 0.09;
const PRIOR_REWARD_WEIGHT = 5;

const pool: Pool = newPool();
const everyArm: ArmStatistics[] = [];
const place: Place = { kind: -1, length: 0, load: 0 };
const observation = new Float64Array(CELL_SIZE);

export function observeOutcome(
  state: LearningState,
  program: ProgramStatistics,
  where: OutcomePlace,
  outcome: Outcome,
): void {
  const arm = locate(state, program, where);
  const success = outcome.success ? 1 : 0;
  const { quality, time, cost } = BALANCED;
  forecastBest(program, arm);
  const forecastReward = expectedReward(BALANCED);
  const satisfies = expected[SATISFIES] as number;
  const reward = success * (quality * satisfies + time * outcome.inTime + cost * outcome.thrift);
  observation.fill(0);
  observation[COUNT] = 1;
  observation[SUCCESS] = success;
  observation[IN_TIME] = success * outcome.inTime;
  observation[THRIFT] = success * outcome.thrift;

  const change = detect(
    arm.immediate,
    (reward - forecastReward) / rewardDeviation(program),
    weightOf(program, arm, SUCCEEDS),
    observation,
  );
  learnReward(program, reward - forecastReward);
  learnChannel(state, program, arm, SUCCEEDS, success);
  if (outcome.success) {
    learnChannel(state, program, arm, KEEPS_TIME, outcome.inTime);
    learnChannel(state, program, arm, SAVES, outcome.thrift);
  }
  program.time++;
  add(state, program, arm);
  if (change !== undefined) restart(state, program, arm, "immediate", change, forecastReward, satisfies);
  if (outcome.success && outcome.quality !== undefined) {
    observeQuality(state, program, where, outcome.quality);
    remember(state, outcome.quality, program.time);
  }
}

/** A person's word on it may still come. */
function remember({ sequence, validated }: LearningState, quality: number, time: number): void {
  validated.set(sequence, { quality, time });
  if (validated.size > LEARNING_BOUNDS.validated) validated.delete(validated.keys().next().value as number);
}

export function observeQuality(
  state: LearningState,
  program: ProgramStatistics,
  where: OutcomePlace,
  score: number,
  replaces?: number,
): void {
  const arm = locate(state, program, where);
  if (replaces !== undefined) takeBack(state, program, arm, replaces);
  forecastBest(program, arm);
  const forecastScore = expected[SATISFIES] as number;
  observation.fill(0);
  observation[SCORED] = 1;
  observation[QUALITY] = score;
  const change = detect(
    arm.quality,
    (score - forecastScore) / Math.sqrt(pool.noise[SATISFIES] as number),
    weightOf(program, arm, SATISFIES),
    observation,
  );
  learnChannel(state, program, arm, SATISFIES, score);
  add(state, program, arm);
  if (change !== undefined) restart(state, program, arm, "quality", change, forecastScore, forecastScore);
}

/**
 * Takes what is left of validators' score out of the cells that it was added to. Nothing where it is forgotten, or went
 * when its arm started again.
 */
function takeBack(
  state: LearningState,
  program: ProgramStatistics,
  arm: ArmStatistics,
  sequence: number,
): void {
  const known = state.validated.get(sequence);
  if (known === undefined) return;
  state.validated.delete(sequence);
  const { restarts, since, time } = program;
  const isForgotten = restarts.length === LEARNING_BOUNDS.restarts && (restarts[0]?.sequence ?? 0) > sequence;
  const isRestarted = restarts.some((one) => one.arm === arm.key && one.sequence >= sequence);
  if (sequence < since || isForgotten || isRestarted) return;
  const weight = discountAfter(time - known.time);
  discount(arm.whole, time);
  takeOut(arm.whole.values, 0, weight, known.quality);
  const block = arm.kinds[place.kind];
  if (block === undefined) return;
  discount(block, time);
  for (const cell of [KIND_CELL, lengthCell(place.length), loadCell(place.load)])
    takeOut(block.values, cell, weight, known.quality);
}

/** Never below nothing: sums are rounded. */
function takeOut(cells: Float64Array, cell: number, weight: number, quality: number): void {
  cells[cell + SCORED] = Math.max(0, (cells[cell + SCORED] as number) - weight);
  cells[cell + QUALITY] = Math.max(0, (cells[cell + QUALITY] as number) - weight * quality);
}

/** Finds the arm, and sets `place` and `pool` for it. */
function locate(state: LearningState, program: ProgramStatistics, where: OutcomePlace): ArmStatistics {
  let arm = program.arms.get(where.arm);
  if (arm === undefined) {
    // Declared before the head of the log.
    arm = newArm(where.arm, where.arm, "", program.time);
    addArm(state, program, arm);
  }
  let kind = kindIndex(program, where.task);
  if (kind < 0) {
    kind = program.kinds.size;
    program.kinds.set(where.task, kind);
  }
  place.kind = kind;
  place.length = where.length;
  place.load = where.load;
  let count = 0;
  for (const one of program.arms.values()) everyArm[count++] = one;
  poolArms(pool, program, everyArm, count);
  return arm;
}

/** Forecasts all channels of the arm as a decision would. */
function forecastBest(program: ProgramStatistics, arm: ArmStatistics): void {
  for (let channel = 0; channel < CHANNELS; channel++) {
    forecast(pool, arm, program.time, place, channel, bestShrinkage(program.errors, channel));
  }
}

function weightOf(program: ProgramStatistics, arm: ArmStatistics, channel: number): number {
  return (
    discountAfter(program.time - arm.whole.at) * (arm.whole.values[COUNT_OF[channel] as number] as number)
  );
}

function rewardDeviation({ rewards }: ProgramStatistics): number {
  return Math.sqrt(
    ((rewards[1] as number) + PRIOR_REWARD_WEIGHT * PRIOR_REWARD_NOISE) /
      ((rewards[0] as number) + PRIOR_REWARD_WEIGHT),
  );
}

function learnReward({ rewards }: ProgramStatistics, error: number): void {
  const kept = discountAfter(1);
  rewards[0] = kept * (rewards[0] as number) + 1;
  rewards[1] = kept * (rewards[1] as number) + error * error;
}

/** Judges every candidate shrinkage by its forecast of `value`, and the noise by the one that is in use. */
function learnChannel(
  state: LearningState,
  program: ProgramStatistics,
  arm: ArmStatistics,
  channel: number,
  value: number,
): void {
  const kept = discountAfter(1);
  const used = bestShrinkage(program.errors, channel);
  for (let candidate = 0; candidate < SHRINKAGES; candidate++) {
    forecast(pool, arm, program.time, place, channel, candidate);
    const error = value - (expected[channel] as number);
    const at = channel * SHRINKAGES + candidate;
    program.errors[at] = kept * (program.errors[at] as number) + error * error;
    if (candidate !== used) continue;
    program.counts[channel] = kept * (program.counts[channel] as number) + 1;
    program.squares[channel] = kept * (program.squares[channel] as number) + error * error;
  }
  observeFamily(state, arm.family, channel, value - (pool.mean[channel] as number));
}

/** Adds `observation` to the arm's cells of `place`. */
function add(state: LearningState, program: ProgramStatistics, arm: ArmStatistics): void {
  discount(arm.whole, program.time);
  let block = arm.kinds[place.kind];
  if (block === undefined) {
    while (arm.kinds.length < place.kind) arm.kinds.push(undefined);
    block = newSums(BLOCK_SIZE, program.time);
    arm.kinds[place.kind] = block;
    state.entries++;
  }
  discount(block, program.time);
  const whole = arm.whole.values;
  const cells = block.values;
  const length = lengthCell(place.length);
  const load = loadCell(place.load);
  for (let at = 0; at < CELL_SIZE; at++) {
    const value = observation[at] as number;
    whole[at] = (whole[at] as number) + value;
    cells[KIND_CELL + at] = (cells[KIND_CELL + at] as number) + value;
    cells[length + at] = (cells[length + at] as number) + value;
    cells[load + at] = (cells[load + at] as number) + value;
  }
}

function discount(sums: Sums, time: number): void {
  const kept = discountAfter(time - sums.at);
  sums.at = time;
  if (kept === 1) return;
  const { values } = sums;
  for (let at = 0; at < values.length; at++) values[at] = (values[at] as number) * kept;
}
