// One run as its events tell it. Records are replaced, never changed: a decision may hold them while it tries something
// else, and a snapshot is written from them piece by piece.
//
//   frame     a graph that runs: the pipeline's own (path ""), an item, an iteration, a case, a fallback (`sums[3]`)
//   instance  a stage in a frame: key `<path>#<stage>`

import type { WireError } from "../../../schemas/errors.ts";
import type { Usage } from "../../../schemas/messages/parts.ts";
import type { PipelineRunOptions, PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import { Layer, type MapLike, OrderedMap } from "./layer.ts";

type Outputs = Record<string, unknown>;

export type InstanceStatus = "running" | "backoff" | "finished" | "failed" | "skipped" | "cancelled";

export interface Instance {
  /** Number of the stage. */
  stage: number;
  /** Path of its frame. */
  path: string;
  status: InstanceStatus;
  /** Of its last start; 0 = it was never started. */
  n: number;
  /** Starts at this place, retries included. */
  starts: number;
  /** Log time of the first and of the last start. */
  firstMs: number;
  startedMs: number;
  endedMs?: number;
  durationMs?: number;
  outputs?: Outputs;
  /** Message of the log that has the outputs. */
  sequence?: number;
  /** Of a map. */
  items?: number;
  /** Bodies that were begun: items, iterations, or alternatives. */
  entered: number;
  /** Of these ended, and of these failed. */
  left: number;
  lost: number;
  /** Of a child pipeline. */
  child?: string;
  version?: string;
  waitMs?: number;
  /** Which body counts: of a switch, or of a race when it has been won. */
  taken?: number;
  /** Its bodies can do no more: it fails with this. */
  fault?: WireError;
  /** What stood in for it. */
  fallback?: "value" | "stage";
  reused?: boolean;
  error?: WireError;
  /** `n` of its compensation, while that is on. */
  undoing?: number;
}

export interface Frame {
  path: string;
  graph: number;
  /** Path of the frame around it; undefined = the pipeline's own. */
  parent?: string;
  place: number | "fallback";
  /** Stages that have not ended. */
  open: number;
  status: "running" | "done" | "failed" | "dropped";
  /** Why it has failed, and by which stage. */
  error?: WireError;
  failedStage?: number;
}

/** What came of something that was started. */
export interface Arrival {
  n: number;
  status: "succeeded" | "failed" | "cancelled";
  /** Small ones. */
  outputs?: Outputs;
  sequence: number;
  timeMs: number;
  error?: WireError;
  version?: string;
  implementation?: string;
  pool?: string;
  attempts?: number;
  usage?: Usage;
  timings?: { queueMs: number; routeMs: number; runMs: number; totalMs: number };
  modelMs?: number;
}

/** A signal that came and that no stage has taken yet. */
export interface KeptSignal {
  signal: string;
  sequence: number;
  data?: Outputs;
}

export interface Outcome {
  status: "succeeded" | "failed" | "cancelled";
  error?: WireError;
  stage?: number;
  path?: string;
}

export interface Totals {
  finished: number;
  failed: number;
  skipped: number;
  cancelled: number;
  requests: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  workMs: number;
  waitMs: number;
  reused: number;
}

/** What of a run decisions change; the maps may be layers. */
export interface Run {
  readonly run: string;
  readonly user: string;
  readonly pipeline: string;
  readonly owner?: string;
  readonly version: string;
  readonly options: PipelineRunOptions;
  readonly hash: string;
  readonly parent?: { run: string; stage: number; n: number };
  readonly depth: number;
  readonly traceparent?: string;
  readonly startedMs: number;
  readonly startedSequence: number;
  readonly deadlineAtMs: number;
  readonly concurrency: number;
  /** Absent = they are in the started event. */
  readonly inputs?: Outputs;
  /** Its user was erased while it was on: when it has ended it is not listed. */
  isErased?: true;
  readonly reuseOf?: string;
  readonly reuse: ReadonlyMap<string, { sequence: number; version?: string }>;
  /** Last event of the run: what is appended is conditional on it. */
  last: number;
  cancel?: { by: string; reason?: string };
  outcome?: Outcome;
  /** Log time at which the graph had ended. */
  endedMs?: number;
  inlineBytes: number;
  totals: Totals;
  /** Requests, child runs and waits that were begun. */
  starts: number;
  frames: MapLike<string, Frame>;
  instances: MapLike<string, Instance>;
  /** How often each stage number was started. */
  counts: MapLike<number, number>;
  /** What is on: `<stage>_<n>` of requests and child runs, with the instance. */
  open: MapLike<string, string>;
  /** What came and was not decided upon. */
  arrived: MapLike<string, Arrival>;
  /** Instances that can go on: to be started, or with bodies of which something is to be done. */
  ready: MapLike<string, true>;
  /** The same for what needs a slot. */
  queued: MapLike<string, true>;
  /** Frames of which all stages have ended, or one has failed. */
  complete: MapLike<string, true>;
  /** When something is due, by instance; "" = the run's deadline. */
  due: MapLike<string, number>;
  /** Instances that wait for a signal. */
  awaiting: MapLike<string, string>;
  /** By the sequence of their event. */
  signals: MapLike<number, KeptSignal>;
  signalKeys: MapLike<string, true>;
  /** Finished instances with a compensation, numbered from 1 in the order in which they ended. */
  undo: MapLike<number, string>;
  /** Branches that were decided, and why something stood in. */
  pathTaken: readonly string[];
  fallbackReason?: string;
  compensated: readonly CompensationReport[];
}

export interface CompensationReport {
  stage: number;
  path?: string;
  error?: WireError;
}

const MAPS = [
  "frames",
  "instances",
  "counts",
  "open",
  "arrived",
  "ready",
  "queued",
  "complete",
  "due",
  "awaiting",
  "signals",
  "signalKeys",
  "undo",
] as const satisfies (keyof Run)[];

/** The same run, to try something on. */
export function draftOf(run: Run): Run {
  const draft = { ...run } as Record<string, unknown>;
  for (const name of MAPS) draft[name] = new Layer(run[name] as MapLike<unknown, unknown>);
  return draft as unknown as Run;
}

export function emptyMaps(): Pick<Run, (typeof MAPS)[number]> {
  return Object.fromEntries(MAPS.map((name) => [name, new OrderedMap()])) as never;
}

export function runToJson(run: Run): unknown {
  const json: Record<string, unknown> = { ...run, reuse: [...run.reuse] };
  for (const name of MAPS) json[name] = [...(run[name] as MapLike<unknown, unknown>).entries()];
  return json;
}

export function runFromJson(json: unknown): Run {
  const run = { ...(json as Record<string, unknown>) };
  for (const name of MAPS) run[name] = new OrderedMap(run[name] as [unknown, unknown][]);
  run.reuse = new Map(run.reuse as [string, { sequence: number }][]);
  return run as unknown as Run;
}

export function instanceKey(path: string, stage: number): string {
  return `${path}#${stage}`;
}

export function pathOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf("#"));
}

export function stageOfKey(key: string): number {
  return Number(key.slice(key.lastIndexOf("#") + 1));
}

export function openKey(stage: number, n: number): string {
  return `${stage}_${n}`;
}

/** Path of a body of the stage `name`; when the stage was tried again, of that try. */
export function bodyPath(
  { path, starts }: Pick<Instance, "path" | "starts">,
  name: string,
  place: number | "fallback",
): string {
  const body = `${starts > 1 ? `${name}@${starts}` : name}[${place}]`;
  return path === "" ? body : `${path}/${body}`;
}

export function isSettled({ status }: Instance): boolean {
  return status !== "running" && status !== "backoff";
}

/** Log time of the event that is applied. */
export interface At {
  timeMs: number;
}

export type StepOf<Kind extends PipelineStep["kind"]> = Extract<PipelineStep, { kind: Kind }>;
