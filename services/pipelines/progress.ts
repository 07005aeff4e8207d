// A run as the API tells it while it is on, and afterwards. Pure.

import type { WireError } from "../../schemas/errors.ts";
import type { RunProgress, RunStatus, RunSummary, StageProgress } from "../client/pipelines/answers.ts";
import { type Compiled, graphAt, stageAt } from "./definition/compiled.ts";
import { bodyPath, type Instance, instanceKey, isSettled, type Run } from "./run/state.ts";
import type { EndedRun } from "./state.ts";

export function statusOf({ outcome }: Run): RunStatus {
  return outcome === undefined ? "running" : outcome.status === "succeeded" ? "running" : "compensating";
}

export function progressOf(
  run: Run,
  compiled: Compiled,
  nowMs: number,
  ended?: { status: RunStatus; error?: WireError; endedMs: number },
): RunProgress {
  const children: string[] = [];
  const stages = compiled.stages.map(
    ({ index, stage, within }): StageProgress => ({
      stage: index,
      name: stage.name,
      within: [...within],
      kind: stage.kind,
      status: "waiting",
      started: 0,
      running: 0,
      finished: 0,
      failed: 0,
      skipped: 0,
      ...(stage.kind === "signal" && { signal: stage.signal }),
      workMs: 0,
    }),
  );
  for (const [, instance] of run.instances.entries()) {
    const progress = stages[instance.stage];
    if (progress === undefined) continue;
    count(progress, instance, ended !== undefined);
    if (instance.child !== undefined && children.length < 256) children.push(instance.child);
  }
  const error = ended === undefined ? run.outcome?.error : ended.error;
  return {
    run: run.run,
    pipeline: run.pipeline,
    version: run.version,
    ...(run.owner !== undefined && { owner: run.owner }),
    status: ended?.status ?? statusOf(run),
    percent: ended === undefined ? percentOf(run, compiled) : 100,
    startedAt: new Date(run.startedMs).toISOString(),
    durationMs: Math.max((ended?.endedMs ?? nowMs) - run.startedMs, 0),
    ...(ended === undefined && { dueAt: new Date(run.deadlineAtMs).toISOString() }),
    inFlight: ended === undefined ? run.open.size : 0,
    stages,
    ...(run.parent !== undefined && { parent: run.parent }),
    children,
    signals: [...run.signals.entries()].map(([, { signal }]) => signal),
    ...(error !== undefined && { error }),
  };
}

function count(progress: StageProgress, instance: Instance, isOver: boolean): void {
  const { status, starts, firstMs, durationMs, items, error } = instance;
  progress.started += starts;
  progress.workMs += durationMs ?? 0;
  if (items !== undefined) progress.items = (progress.items ?? 0) + items;
  if (error !== undefined) progress.error = error;
  const startedAt = new Date(firstMs).toISOString();
  if (starts > 0 && (progress.startedAt === undefined || startedAt < progress.startedAt))
    progress.startedAt = startedAt;
  switch (status) {
    case "finished":
      progress.finished++;
      break;
    case "failed":
      progress.failed++;
      break;
    case "skipped":
      progress.skipped++;
      break;
    case "running":
    case "backoff":
      if (!isOver) progress.running++;
      break;
    case "cancelled":
      break;
    default:
      status satisfies never;
  }
  // What is on says more than what is over.
  const rank = ["waiting", "skipped", "finished", "cancelled", "failed", "backoff", "running"] as const;
  const now = isOver && !isSettled(instance) ? "cancelled" : status;
  if (rank.indexOf(now) > rank.indexOf(progress.status)) progress.status = now;
}

/** 0 … 99 of a run that is on: each stage counts the same, a stage with bodies by how far these are. */
export function percentOf(run: Run, compiled: Compiled): number {
  return Math.min(Math.floor(fractionOfGraph(run, compiled, 0, "") * 100), 99);
}

function fractionOfGraph(run: Run, compiled: Compiled, graph: number, path: string): number {
  const { stages } = graphAt(compiled, graph);
  if (stages.length === 0) return 1;
  let sum = 0;
  for (const index of stages) {
    const instance = run.instances.get(instanceKey(path, index));
    if (instance !== undefined) sum += fractionOfStage(run, compiled, instance);
  }
  return sum / stages.length;
}

function fractionOfStage(run: Run, compiled: Compiled, instance: Instance): number {
  if (isSettled(instance)) return 1;
  const { stage, bodies } = stageAt(compiled, instance.stage);
  switch (stage.kind) {
    case "map":
      return instance.items === undefined || instance.items === 0 ? 0 : instance.left / instance.items;
    case "loop":
      return instance.left / stage.max;
    case "switch": {
      const { taken = 0 } = instance;
      const body = bodies[taken];
      return body === undefined
        ? 0
        : fractionOfGraph(run, compiled, body, bodyPath(instance, stage.name, taken));
    }
    default:
      return 0;
  }
}

export function summaryOf(run: Run, compiled: Compiled, nowMs: number): RunSummary {
  return {
    run: run.run,
    pipeline: run.pipeline,
    version: run.version,
    status: statusOf(run),
    startedAt: new Date(run.startedMs).toISOString(),
    durationMs: Math.max(nowMs - run.startedMs, 0),
    percent: percentOf(run, compiled),
    ...(run.parent !== undefined && { parent: run.parent }),
  };
}

export function summaryOfEnded(ended: EndedRun): RunSummary {
  const { run, pipeline, version, status, startedMs, endedMs, parent, error } = ended;
  return {
    run,
    pipeline,
    version,
    status,
    startedAt: new Date(startedMs).toISOString(),
    durationMs: Math.max(endedMs - startedMs, 0),
    percent: 100,
    ...(parent !== undefined && { parent }),
    ...(error !== undefined && { error }),
  };
}
