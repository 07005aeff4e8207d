// Optimisations as a fold: what runs, how far it is, how it ended.

import type { WireError } from "../../../schemas/errors.ts";

/** Runs that are remembered: those that run, and the latest of the others. */
export const RUNS_KEPT = 256;

export interface OptimizationRun {
  run: string;
  user: string;
  program: string;
  /** Version that it is to improve. */
  version: string;
  optimizer: string;
  metric: string;
  /** Trials at most. */
  trials: number;
  canary?: number | undefined;
  startedMs: number;
  status: "running" | "finished" | "failed" | "cancelled";
  /** Trials that were tried. */
  tried: number;
  /** Score of what there was, on held-out examples. */
  base?: number;
  best?: { trial: number; score: number };
  calls: number;
  /** Sequence of its request's result. */
  answered?: number;
  report?: Record<string, unknown>;
  published?: string;
  error?: WireError;
}
