// What `pipeline.<verb>` of the API answers, besides results (schemas/messages/pipeline-event.ts): the service's types
// and the client's. Types alone.

import type { WireError } from "../../../schemas/errors.ts";
import type { PipelineDefinition } from "../../../schemas/messages/pipeline-definition.ts";
import type { PipelineResult, PipelineVerb } from "../../../schemas/messages/pipeline-event.ts";
import type { StageStatus } from "./drawing/marks.ts";

/** `register`. */
export interface RegisteredPipeline {
  name: string;
  /** A user, or `shared`. */
  owner: string;
  /** Names exactly this definition. */
  version: string;
}

/** What is wrong with a definition; an empty list = nothing. */
export interface PipelineProblem {
  /** Name of the stage, with the names of those around it: `summaries/sum`; absent = the pipeline itself. */
  stage?: string;
  /** Where in the definition: `stages[2].inputs.text`. */
  path: string;
  message: string;
}
export interface PipelineValidation {
  problems: PipelineProblem[];
  /** Of a definition without problems. */
  version?: string;
}

/** One of `list`. */
export interface PipelineInfo {
  name: string;
  owner: string;
  /** The newest. */
  version: string;
  versions: number;
  description?: string;
  /** The signature's canonical text. */
  signature: string;
  registeredAt: string;
  stages: number;
}

/** `describe`. */
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

/** One of `runs`: newest first; `after` = the `run` of the last one. */
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

/** A stage of `get`: all of its instances in the run together. */
export interface StageProgress {
  /** Number in the definition, pre-order. */
  stage: number;
  name: string;
  /** Names of the stages around it. */
  within: string[];
  kind: string;
  status: StageStatus;
  /** Instances that were started, that run, and that ended well or badly. */
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

/** `get`. */
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
  /** Runs that it has started. */
  children: string[];
  /** Signals that came and were not awaited yet. */
  signals: string[];
  error?: WireError;
}

/** A piece of `events`. */
export interface RunEventAnswer {
  sequence: number;
  time: string;
  verb: PipelineVerb;
  data: Record<string, unknown>;
}

/** One link of the critical path, in order of time. */
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
  /** Percentiles of the duration of one instance. */
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

/** Sums over requests, by where their time went. From `queueMs` to `transferMs` they add up to `totalMs`. */
export interface TimeProfile {
  requests: number;
  /** How many of them told their parts; of the others all that they ran counts as code, but for a model's call. */
  measured: number;
  /** Waited: for a slot or a thread, for the session's turn before, before a retry. */
  queueMs: number;
  /** Attempts that failed before the one that answered. */
  failedMs: number;
  /** Chose an implementation, the check of the inputs included. */
  routeMs: number;
  /** Serialisation: messages and their values read, inputs checked again in the same pass; and written. */
  decodeMs: number;
  encodeMs: number;
  /** Outputs checked. */
  validateMs: number;
  /** A call of a model was under way; calls side by side count once. */
  modelMs: number;
  /** Native functions and adapters, or Python's modules and users' code, without the model. */
  codeMs: number;
  /** What remains: the log, the way between processes, large values, deciding what comes next. */
  transferMs: number;
  totalMs: number;
  /** All that the attempts ran, model and code among it. */
  runMs: number;
}

/** What takes most of the critical path's longest stage: one of its profile's parts, or what is no request. */
export type BottleneckCause =
  | "work"
  | "model"
  | "serialisation"
  | "validation"
  | "failures"
  | "queue"
  | "route"
  | "transfer"
  | "wait";

/** `analysis`: of one run, or over the last runs of a pipeline. */
export interface PipelineAnalysis {
  pipeline: string;
  version: string;
  run?: string;
  runs: number;
  status: Partial<Record<RunStatus, number>>;
  /** Mean over runs. */
  wallMs: number;
  workMs: number;
  waitMs: number;
  parallelSpeedup: number;
  /** Of one run. */
  criticalPath?: CriticalStage[];
  stages: StageAnalysis[];
  /** By implementation kind: `native` (functions and native workers) and `python` (pools). */
  split: { native: TimeProfile; python: TimeProfile };
  usage: { inputTokens: number; outputTokens: number; costUsd: number };
  bottleneck?: { stage: string; share: number; why: BottleneckCause };
  /** What to change. */
  advice: string;
}

/** A run's result with the pipeline's types. */
export type TypedPipelineResult<Out> = Omit<PipelineResult, "outputs"> & { outputs?: Out };
