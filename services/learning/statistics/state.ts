// What has been learned, as a fold of outcomes: statistics of every arm of every program. An arm is an implementation
// as it is declared; declared otherwise, it is another arm. Routers and the learning service hold the same state and
// change it by the same `evolve`, in place: it is owned by one fold.

import { type Detector, newDetector } from "../drift/detector.ts";
import { SHRINKAGES } from "../posterior/shrinkage.ts";
import { CELL_SIZE, newSums, type Sums } from "./cell.ts";
import { CHANNELS } from "./channel.ts";

/** Change it whenever `evolve` or the shape of the state changes: older snapshots are then ignored. */
export const LEARNING_EVOLVE_VERSION = "3";

/** Together they bound the memory, whatever the log holds, to about 110 MB. */
export const LEARNING_BOUNDS = {
  /** Least recently declared or observed out. */
  programs: 2_000,
  /** Arms of all programs (~2.1 kB each), and the kinds of task on which each was tried (~1.2 kB each). */
  entries: 50_000,
  /** Arms of one program, old declarations included, oldest out. */
  arms: 128,
  /** Kinds of task of one program; those that come later share the last. */
  kinds: 24,
  families: 1_000,
  /** Restarts that a program remembers. */
  restarts: 16,
  /** Successes scored by validators (~130 B each) that feedback may still score instead; oldest out. */
  validated: 20_000,
} as const;

export interface ArmStatistics {
  key: string;
  /** Name of the implementation. */
  name: string;
  /** What it has in common with implementations of other programs, such as module and model; "" = nothing. */
  family: string;
  /** Where its prior lies above the mean of its program's arms, by channel. */
  offset: Float64Array;
  whole: Sums;
  /** Blocks by kind of task; undefined where it was never tried. */
  kinds: (Sums | undefined)[];
  immediate: Detector;
  quality: Detector;
}

/** An arm that was found to have changed. */
export interface Restart {
  sequence: number;
  arm: string;
  channel: "immediate" | "quality";
  direction: "better" | "worse";
  /** The detector's sum when it rang, in standard deviations. */
  evidence: number;
  /** What was forecast of the arm, and its mean since the change began: reward without or quality alone. */
  before: number;
  after: number;
  /** Observations since the change began: the arm starts again from them. */
  observations: number;
}

export interface ProgramStatistics {
  /** Sequence at which it was begun. */
  since: number;
  /** Outcomes so far: the clock of the discounting. */
  time: number;
  /** Kind of task → its index in every arm's `kinds`. */
  kinds: Map<string, number>;
  /** In the order in which they were declared. */
  arms: Map<string, ArmStatistics>;
  /** By channel: discounted observations, their squared forecast errors, and those of each candidate shrinkage. */
  counts: Float64Array;
  squares: Float64Array;
  errors: Float64Array;
  /** Observations of reward, and their squared forecast errors: for the detectors. */
  rewards: Float64Array;
  restarts: Restart[];
}

/** A success whose quality is what validators said: until somebody says more. */
export interface Validated {
  quality: number;
  /** The program's clock when it was added to its arm's cells. */
  time: number;
}

export interface LearningState {
  sequence: number;
  programs: Map<string, ProgramStatistics>;
  /** By channel two sums over outcomes of its arms in all programs: their number, and how far above their pool. */
  families: Map<string, Float64Array>;
  /** Arms of all programs, and their kinds of task. */
  entries: number;
  /** By the sequence of the result. */
  validated: Map<number, Validated>;
}

export function initialState(): LearningState {
  return { sequence: 0, programs: new Map(), families: new Map(), entries: 0, validated: new Map() };
}

export function newProgram(since = 0): ProgramStatistics {
  return {
    since,
    time: 0,
    kinds: new Map(),
    arms: new Map(),
    counts: new Float64Array(CHANNELS),
    squares: new Float64Array(CHANNELS),
    errors: new Float64Array(CHANNELS * SHRINKAGES),
    rewards: new Float64Array(2),
    restarts: [],
  };
}

export function newArm(key: string, name: string, family: string, at: number): ArmStatistics {
  return {
    key,
    name,
    family,
    offset: new Float64Array(CHANNELS),
    whole: newSums(CELL_SIZE, at),
    kinds: [],
    immediate: newDetector(),
    quality: newDetector(),
  };
}

/** Index of a kind of task, −1 for one that was never seen. */
export function kindIndex(program: ProgramStatistics, kind: string): number {
  const index = program.kinds.get(kind);
  if (index !== undefined) return index;
  return program.kinds.size < LEARNING_BOUNDS.kinds ? -1 : LEARNING_BOUNDS.kinds - 1;
}
