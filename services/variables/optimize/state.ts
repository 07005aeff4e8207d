// Searches for better values as a fold: what waits, what runs and with which variables, how far it is, how it ended.

import type { WireError } from "../../../schemas/errors.ts";
import type {
  Measure,
  VariableOptimizationFinished,
} from "../../../schemas/messages/variable-optimization-event.ts";

/** Runs that have ended and are remembered, the latest. */
export const RUNS_KEPT = 256;

export interface BestSoFar {
  trial: number;
  /** Higher is better, whatever is measured. */
  score: number;
  values: Record<string, unknown>;
  /** Means of what is measured. */
  objectives: Record<string, number>;
}

export interface VariableRun {
  run: string;
  user: string;
  program: string;
  version: string;
  variables: string[];
  /** No other run has one of them at the same time. */
  locks: string[];
  metric: string;
  objectives: Measure[];
  /** Trials at most. */
  trials: number;
  priority: number;
  apply: boolean;
  deadlineMs: number;
  status: "queued" | "running" | "finished" | "failed" | "cancelled";
  queuedSequence: number;
  queuedMs: number;
  startedSequence?: number;
  startedMs?: number;
  /** After it nobody waits for the run, and its variables are others'. */
  leaseEndsMs?: number;
  base?: Record<string, { value: unknown; version: number }>;
  /** Trials that were measured, and those whose values may not be together. */
  tried: number;
  infeasible: number;
  calls: number;
  /** Means with the values that it began with. */
  baseline?: Record<string, number>;
  best?: BestSoFar;
  /** Sequence of its request's result. */
  answered?: number;
  /** The best values came into force, with these versions. */
  applied?: { sequence: number; versions: Record<string, number> };
  /** Sequence of the result of what was measured with them in force. */
  checked?: number;
  /** Sequence at which the values before came back. */
  rolledBack?: number;
  ended?: Pick<VariableOptimizationFinished, "report" | "applied" | "rolledBack" | "check" | "why">;
  error?: WireError;
}

export interface OptimizationsState {
  /** By run, in the order in which they were queued. */
  runs: Map<string, VariableRun>;
}

export function initialOptimizations(): OptimizationsState {
  return { runs: new Map() };
}

export function optimizationsToJson({ runs }: OptimizationsState): unknown {
  return { runs: [...runs.values()] };
}

export function optimizationsFromJson(json: unknown): OptimizationsState {
  const { runs } = json as { runs: VariableRun[] };
  return { runs: new Map(runs.map((run) => [run.run, run])) };
}
