// What the API tells of variables: the answers of `variable.list`, `get`, `history`, of commands, and of searches for
// better values.

import type { WireError } from "../../schemas/errors.ts";
import type {
  VariableChange,
  VariableDefinition,
  VariableMetric,
} from "../../schemas/messages/variable-event.ts";
import type { Measure } from "../../schemas/messages/variable-optimization-event.ts";
import type { OptimizationOutcome, Score } from "./program-versions.ts";

export interface VariableInfo {
  name: string;
  value: unknown;
  /** Counts its changes from 1. */
  version: number;
  status: "active" | "deprecated";
  /** What is to be used instead of a deprecated one. */
  replacedBy?: string;
  definition: VariableDefinition;
  /** Of its last change; RFC 3339. */
  time?: string;
  by?: string;
}

export interface VariableListAnswer {
  /** Changes after this one are not in the answer: observe from the next. */
  sequence: number;
  variables: VariableInfo[];
  /** There are more: ask again with it. */
  after?: string;
}

export interface VariableDetails extends VariableInfo {
  sequence: number;
  dependsOn: string[];
  /** Those that are computed from it, constrained with it, or declared to depend on it. */
  neededBy: string[];
}

export interface PastChange {
  version: number;
  sequence: number;
  time: string;
  verb: "registered" | "changed" | "reset" | "deprecated";
  by: string;
  reason?: string;
  metric?: VariableMetric;
  /** Absent = large, and the log has forgotten the event. */
  value?: unknown;
}

export interface VariableHistoryAnswer {
  name: string;
  /** Newest first. */
  changes: PastChange[];
  /** There are older ones: ask again with it. */
  before?: number;
}

export interface VariableCommandAnswer {
  /** False where everything is so already. */
  changed: boolean;
  /** Also what follows from what was given; none of a deprecation. */
  changes: VariableChange[];
  /** Of the event, or of the last one where nothing changed. */
  sequence: number;
}

/** Mean with its 95 % interval, of so many examples. */
export type Interval = Score;

/** One search for better values, as far as it is. */
export interface OptimizationInfo {
  run: string;
  user: string;
  program: string;
  variables: string[];
  objectives: Measure[];
  metric: string;
  /** Trials at most. */
  trials: number;
  priority: number;
  /** `checking` = its values are in force, and are measured once more. */
  status: "queued" | "running" | "checking" | "finished" | "failed" | "cancelled";
  /** Place in the queue from 1, while it waits. */
  position?: number;
  /** Runs that have, or are to have, its variables before it. */
  waitsFor?: string[];
  queuedAt: string;
  startedAt?: string;
  /** Then its variables are others', whatever has become of it. */
  leaseEndsAt?: string;
  /** Trials that were measured, and those whose values may not be together. */
  tried: number;
  infeasible: number;
  calls: number;
  /** Changes whenever the run moves: what `seen` of the next question is. */
  moved?: number;
  /** Means with the values that it began with. */
  baseline?: Record<string, number>;
  best?: {
    trial: number;
    score: number;
    values: Record<string, unknown>;
    objectives: Record<string, number>;
  };
  report?: OptimizationReport;
  /** The best values are in force. */
  applied?: boolean;
  /** They were, and what was measured with them in force, or requests since, were worse. */
  rolledBack?: boolean;
  /** What was measured with them in force. */
  check?: Record<string, unknown>;
  /** Why they are not in force, where they were to be. */
  why?: string;
  error?: WireError;
}

export interface OptimizationListAnswer {
  /** What runs, then what waits, in its order. */
  optimizations: OptimizationInfo[];
}

/** What was measured with some values, on held-out examples. */
export interface MeasuredValues {
  values: Record<string, unknown>;
  objectives: Record<string, Interval>;
}

export interface OptimizationReport {
  /** Surely better in one objective, and surely worse in none. */
  improved: boolean;
  verdict: string;
  trials: number;
  infeasible: number;
  seed: number;
  dataHash: string;
  examples: Record<"train" | "validation" | "test" | "duplicates", number>;
  base: MeasuredValues;
  best?: MeasuredValues & { trial: number };
  /** Gain in each objective, example by example; above 0 is better, whatever is measured. */
  differences?: Record<string, Interval>;
  /** With several objectives: trials of which none is better than another in all. */
  front?: { trial: number; values: Record<string, unknown>; objectives: Record<string, number> }[];
  cost: OptimizationOutcome["cost"];
  unanswered: number;
  metricFailures: number;
  metricFailure?: string;
  /** Why the search ended before its last trial. */
  budgetEnded?: string;
}
