// What is published of a program: for each kind of task what is known of its arms and how they would be chosen now. A
// pure function of the state, so that whoever folds the same log publishes the same.

import type {
  ArmStanding,
  Calibration,
  PolicyUpdated,
  ProgramPolicy,
  TaskStrategy,
} from "../../../schemas/messages/policy-event.ts";
import type { Implementation } from "../../../schemas/messages/program-event.ts";
import { choose } from "../../router/strategies/rules.ts";
import { calibrationOfArm } from "../calibrations/calibrations.ts";
import { cellKey } from "../figures/figures.ts";
import { estimateArm } from "../posterior/estimate.ts";
import { expected } from "../posterior/forecast.ts";
import { expectedReward } from "../posterior/reward.ts";
import {
  COUNT,
  KIND_CELL,
  LENGTH_BUCKETS,
  lengthCell,
  QUALITY,
  SCORED,
  SUCCESS,
} from "../statistics/cell.ts";
import { SUCCEEDS } from "../statistics/channel.ts";
import { discountAfter } from "../statistics/discount.ts";
import { latencyQuantile } from "../statistics/latency-sketch.ts";
import { type ArmStatistics, newArm, type ProgramStatistics } from "../statistics/state.ts";
import type { KnownArm, KnownProgram } from "./known-program.ts";
import type { LearnerState } from "./state.ts";

/** Arms of one kind of task that are told, the best first. */
const MOST_ARMS = 16;
/** Of `programs` in one event: with its envelope it stays under 128 KiB. */
const MOST_BYTES = 120 * 1_024;

/** The content of a version: of the programs that changed those that fit, who waits longest first. */
export function policyContent(state: LearnerState): PolicyUpdated {
  const { journal, policy } = state;
  const programs: ProgramPolicy[] = [];
  let bytes = 0;
  for (const program of journal.dirty.keys()) {
    const one = fitting(state, program);
    if (one === undefined) continue;
    const size = bytesOf(one);
    if (bytes + size > MOST_BYTES) break;
    programs.push(one);
    bytes += size;
  }
  return {
    version: journal.due.version,
    coveredSequence: state.sequence,
    outcomes: journal.outcomes,
    settings: policy.settings,
    programs,
  };
}

/** Undefined of a program that is not registered, or of which nothing is known. */
export function programPolicy(
  state: LearnerState,
  program: string,
  mostArms = MOST_ARMS,
): ProgramPolicy | undefined {
  const known = state.programs.get(program);
  const statistics = state.learning.programs.get(program);
  if (known === undefined || statistics === undefined) return undefined;
  return {
    program,
    strategies: [...statistics.kinds].map(([task, kind]) =>
      strategyOf(state, { program, known, statistics }, task, kind, mostArms),
    ),
    calibrations: known.arms.flatMap(({ key }): Calibration[] => {
      const calibration = calibrationOfArm(state.calibrations, program, key);
      return calibration === undefined ? [] : [calibration];
    }),
  };
}

/** With fewer arms where one program alone would be too much for an event. */
function fitting(state: LearnerState, program: string): ProgramPolicy | undefined {
  for (let arms = MOST_ARMS; arms > 1; arms /= 2) {
    const one = programPolicy(state, program, arms);
    if (one === undefined || bytesOf(one) <= MOST_BYTES) return one;
  }
  const bare = programPolicy(state, program, 1);
  return bare === undefined ? undefined : { ...bare, calibrations: [] };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

interface Subject {
  program: string;
  known: KnownProgram;
  statistics: ProgramStatistics;
}

const UNTRIED = newArm("", "", "", 0);
const NONE: ReadonlySet<string> = new Set();

function strategyOf(
  state: LearnerState,
  subject: Subject,
  task: string,
  kind: number,
  mostArms: number,
): TaskStrategy {
  const { known, statistics } = subject;
  const arms = known.arms.map(({ key }) => statistics.arms.get(key) ?? UNTRIED);
  const place = { kind, length: usualLength(arms, kind), load: 0 };
  const question = {
    implementations: known.arms.map(
      ({ name, lastResort }): Implementation => ({ kind: "native", name, lastResort }),
    ),
    ineligible: NONE,
    program: statistics,
    armKeys: known.arms.map(({ key }) => key),
    loads: known.arms.map(() => 0),
    task,
    length: place.length,
    weights: known.weights,
    seed: 0,
    requestId: "",
  };
  const answer = choose({ ...question, settings: state.policy.settings })?.candidates ?? [];
  const standings = known.arms.map((arm, at): ArmStanding => {
    estimateArm(statistics, arms, arms[at] as ArmStatistics, place);
    return standingOf(state, subject, task, kind, arm, {
      success: expected[SUCCEEDS] as number,
      reward: expectedReward(known.weights),
      probability: answer[at]?.probability ?? 0,
    });
  });
  const order = standings.map((_, at) => at);
  order.sort((a, b) => (standings[b]?.reward ?? 0) - (standings[a]?.reward ?? 0) || a - b);
  return { task, arms: order.slice(0, mostArms).map((at) => standings[at] as ArmStanding) };
}

function standingOf(
  state: LearnerState,
  { program, statistics }: Subject,
  task: string,
  kind: number,
  { key, name }: KnownArm,
  forecast: { success: number; reward: number; probability: number },
): ArmStanding {
  const figures = state.figures.programs.get(program)?.get(cellKey(key, task));
  const block = statistics.arms.get(key)?.kinds[kind];
  const kept = block === undefined ? 0 : discountAfter(statistics.time - block.at);
  const cell = (at: number) => kept * (block?.values[KIND_CELL + at] ?? 0);
  const attempts = cell(COUNT);
  const scored = cell(SCORED);
  const p50 = figures === undefined ? undefined : latencyQuantile(figures.latency, 0.5);
  const p95 = figures === undefined ? undefined : latencyQuantile(figures.latency, 0.95);
  return {
    arm: key,
    implementation: name,
    attempts: rounded(attempts),
    // Where it was never tried, what is expected of it.
    successRate: share(attempts > 0 ? cell(SUCCESS) / attempts : forecast.success),
    ...(p50 !== undefined && { p50Ms: rounded(p50) }),
    ...(p95 !== undefined && { p95Ms: rounded(p95) }),
    ...(scored > 0 && { quality: share(cell(QUALITY) / scored) }),
    scored: rounded(scored),
    meanTokens: rounded(figures?.meanTokens ?? 0),
    ...(figures !== undefined && figures.priced > 0 && { meanCostUsd: rounded(figures.meanCostUsd) }),
    reward: rounded(forecast.reward),
    probability: share(forecast.probability),
  };
}

/** The length bucket that most inputs of this kind fall into. */
function usualLength(arms: readonly ArmStatistics[], kind: number): number {
  let usual = 0;
  let most = -1;
  for (let length = 0; length < LENGTH_BUCKETS; length++) {
    let count = 0;
    for (const { kinds } of arms) count += kinds[kind]?.values[lengthCell(length) + COUNT] ?? 0;
    if (count > most) {
      most = count;
      usual = length;
    }
  }
  return usual;
}

/** Six digits after the point: an event is read by people, too. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function share(value: number): number {
  return rounded(Math.min(1, Math.max(0, value)));
}
