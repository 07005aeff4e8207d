// What has been learned, as a fold of outcomes: statistics of every arm (an implementation in one version) of every
// program. Routers and the learning service hold the same state and change it by the same `evolve`.

import { type Detector, newDetector } from "../drift/detector.ts";
import { BLOCK_SIZE, CELL_SIZE } from "./cell.ts";

/** Change it whenever `evolve` or the shape of the state changes: older snapshots are then ignored. */
export const LEARNING_EVOLVE_VERSION = "1";

/** Together they bound the memory whatever the log holds: about 60 MB at most. */
export const LEARNING_BOUNDS = {
  programs: 2_000,
  /** Blocks of all programs together: one for each arm and kind of task that was seen. ~550 B each. */
  blocks: 100_000,
  /** Arms of one program, old versions included. */
  arms: 128,
  /** Kinds of task of one program; later ones share the last. */
  kinds: 24,
  /** Restarts that a program remembers. */
  restarts: 16,
} as const;

/** Sums that are discounted lazily: they are as of `at`, a number of outcomes of the program. */
export interface Sums {
  at: number;
  values: Float64Array;
}

export interface ArmStatistics {
  /** What implementations of several programs have in common, such as their kind and model. */
  family: string;
  whole: Sums;
  /** By kind of task; holes where the arm was never tried. */
  kinds: (Sums | undefined)[];
  immediate: Detector;
  quality: Detector;
}

/** Noise and forecast errors of one channel. */
export interface ChannelStatistics {
  /** Discounted number of observations, and sum of their squared forecast errors. */
  count: number;
  squares: number;
  /** Discounted squared error of each candidate model. */
  errors: Float64Array;
}

/** An arm that was found to have changed. */
export interface Restart {
  sequence: number;
  arm: string;
  channel: "immediate" | "quality";
  direction: "better" | "worse";
  /** The detector's sum when it rang. */
  evidence: number;
  /** Mean reward, or quality, before; and since the change began. */
  before: number;
  after: number;
  /** Observations since the change began; the arm starts again from them. */
  observations: number;
}

export interface ProgramStatistics {
  /** Outcomes so far: the clock of the discounting. */
  time: number;
  /** Kind of task → its index in every arm's `kinds`. */
  kinds: Map<string, number>;
  arms: Map<string, ArmStatistics>;
  immediate: ChannelStatistics;
  quality: ChannelStatistics;
  restarts: Restart[];
}

/** How arms of one family differ from the other arms of their programs. */
export interface FamilyStatistics {
  count: number;
  success: number;
  inTime: number;
  thrift: number;
  scored: number;
  quality: number;
}

export interface LearningState {
  sequence: number;
  programs: Map<string, ProgramStatistics>;
  blocks: number;
}

export function initialState(): LearningState {
  return { sequence: 0, programs: new Map(), blocks: 0 };
}

/** Number of shrinkage models that compete for a program; see posterior/model.ts. */
export const MODELS = 7;

export function newProgram(): ProgramStatistics {
  return {
    time: 0,
    kinds: new Map(),
    arms: new Map(),
    immediate: newChannel(),
    quality: newChannel(),
    restarts: [],
  };
}

export function newArm(family: string, at: number): ArmStatistics {
  return {
    family,
    whole: newSums(CELL_SIZE, at),
    kinds: [],
    immediate: newDetector(),
    quality: newDetector(),
  };
}

export function newBlock(at: number): Sums {
  return newSums(BLOCK_SIZE, at);
}

function newSums(size: number, at: number): Sums {
  return { at, values: new Float64Array(size) };
}

function newChannel(): ChannelStatistics {
  return { count: 0, squares: 0, errors: new Float64Array(MODELS) };
}
