// What the API tells of pipelines and of their runs. The service's own words are services/pipelines/views.ts; a test
// holds the two together.

import type { WireError } from "../../../schemas/errors.ts";
import type { PipelineDefinition } from "../../../schemas/messages/pipeline-definition.ts";
import type { PipelineResult, PipelineVerb } from "../../../schemas/messages/pipeline-event.ts";
import type { StageStatus } from "./drawing/marks.ts";

export interface RegisteredPipeline {
  name: string;
  /** A user, or `shared`. */
  owner: string;
  /** Names exactly this definition. */
  version: string;
}

/** Something that is wrong with a definition. */
export interface PipelineProblem {
  /** With the names of the stages around it: `summaries/sum`; absent = the pipeline itself. */
  stage?: string;
  /** Where in the definition: `stages[2].inputs.text`. */
  path: string;
  message: string;
}
export interface PipelineValidation {
  /** Empty = it can be registered and run. */
  problems: PipelineProblem[];
  version?: string;
}

export interface PipelineInfo {
  name: string;
  owner: string;
  /** The newest. */
  version: string;
  versions: number;
  description?: string;
  signature: string;
  registeredAt: string;
  stages: number;
}

export interface PipelineDetails {
  name: string;
  owner: string;
  version: string;
  definition: PipelineDefinition;
  signature: string;
  /** Oldest first. */
  versions: { version: string; by: string; registeredAt: string }[];
}

export type RunStatus = "running" | "compensating" | "succeeded" | "failed" | "cancelled";

export interface RunSummary {
  run: string;
  pipeline: string;
  version: string;
  status: RunStatus;
  startedAt: string;
  /** Until now, of a run that is on. */
  durationMs: number;
  percent: number;
  parent?: { run: string; stage: number; n: number };
  error?: WireError;
}

/** All instances of a stage in the run together. */
export interface StageProgress {
  /** Number in the definition, pre-order over all bodies. */
  stage: number;
  name: string;
  /** Names of the stages around it. */
  within: string[];
  kind: string;
  status: StageStatus;
  started: number;
  running: number;
  finished: number;
  failed: number;
  skipped: number;
  /** Of a map: how many items there are. */
  items?: number;
  /** What it waits for: a signal's name. */
  signal?: string;
  startedAt?: string;
  /** Of all its ended instances together. */
  workMs: number;
  error?: WireError;
}

export interface RunProgress {
  run: string;
  pipeline: string;
  version: string;
  owner?: string;
  status: RunStatus;
  percent: number;
  startedAt: string;
  durationMs: number;
  dueAt?: string;
  inFlight: number;
  stages: StageProgress[];
  parent?: { run: string; stage: number; n: number };
  children: string[];
  /** Signals that came and were not awaited yet. */
  signals: string[];
  error?: WireError;
}

/** One event of a run, as the log has it. */
export interface RunEventAnswer {
  sequence: number;
  time: string;
  verb: PipelineVerb;
  data: Record<string, unknown>;
}

export interface CriticalStage {
  stage: number;
  name: string;
  path?: string;
  n: number;
  startedAt: string;
  durationMs: number;
  workMs: number;
  waitMs: number;
  /** From the end of what it waited for to its start. */
  gapMs: number;
}

export interface StageAnalysis {
  stage: number;
  name: string;
  within: string[];
  kind: string;
  program?: string;
  runs: number;
  requests: number;
  failed: number;
  retried: number;
  p50Ms: number;
  p95Ms: number;
  workMs: number;
  waitMs: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  /** Share of the critical path's time. */
  criticalShare: number;
}

/** Sums over requests, by where their time went. */
export interface TimeProfile {
  requests: number;
  queueMs: number;
  routeMs: number;
  runMs: number;
  /** Of that, what model servers took, where they are told of: not by Python's modules. */
  modelMs: number;
  transferMs: number;
  totalMs: number;
}

export interface PipelineAnalysis {
  pipeline: string;
  version: string;
  run?: string;
  runs: number;
  status: Partial<Record<RunStatus, number>>;
  wallMs: number;
  workMs: number;
  waitMs: number;
  parallelSpeedup: number;
  /** Of one run. */
  criticalPath?: CriticalStage[];
  stages: StageAnalysis[];
  split: { native: TimeProfile; python: TimeProfile };
  usage: { inputTokens: number; outputTokens: number; costUsd: number };
  bottleneck?: { stage: string; share: number; why: "work" | "queue" | "route" | "transfer" | "wait" };
  advice: string;
}

/** A run's result with the pipeline's types. */
export type TypedPipelineResult<Out> = Omit<PipelineResult, "outputs"> & { outputs?: Out };
