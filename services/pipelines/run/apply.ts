// run + step → run: what each thing that a decision changed means for what can go on. Nothing is evaluated and nothing
// is chosen here: events are facts. Changes the run in place, its records by replacing them.

import type { PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import { type Compiled, graphAt, stageAt } from "../definition/compiled.ts";
import { RUN_BOUNDS } from "./bounds.ts";
import { dropBodies, dropFrame, dropInside, enterFrame, frameAt, release, settle } from "./frames.ts";
import { mayEnterAlternative, mayEnterItem, refreshDue } from "./may-enter.ts";
import { bodyPath, type Instance, instanceKey, isSettled, openKey, type Run, type StepOf } from "./state.ts";
import { countSpent, countStart, keepInline, takePath } from "./totals.ts";

export interface At {
  timeMs: number;
}

/** The frame of the pipeline's own graph. */
export function enterRoot(run: Run, compiled: Compiled): void {
  enterFrame(run, compiled, { path: "", graph: 0, place: "fallback" });
  run.due.set("", run.deadlineAtMs);
}

export function applyStep(run: Run, compiled: Compiled, step: PipelineStep, at: At): void {
  switch (step.kind) {
    case "started":
      applyStarted(run, compiled, step, at);
      return;
    case "finished":
      applyFinished(run, compiled, step, at);
      return;
    case "failed":
      applyFailed(run, compiled, step, at);
      return;
    case "skipped":
      applySkipped(run, compiled, step, at);
      return;
    case "entered":
      applyEntered(run, compiled, step);
      return;
    case "left":
      applyLeft(run, compiled, step);
      return;
    case "dropped":
      dropFrame(run, compiled, step.path);
      return;
    case "compensating":
      applyCompensating(run, step);
      return;
    case "compensated":
      applyCompensated(run, step);
      return;
    case "ended":
      applyEnded(run, compiled, step, at);
      return;
    default:
      // A later version's step: the run goes on without it.
      step satisfies never;
  }
}

function applyStarted(run: Run, compiled: Compiled, step: StepOf<"started">, { timeMs }: At): void {
  const { stage: index, path = "", n } = step;
  const one = stageAt(compiled, index);
  const key = instanceKey(path, index);
  const before = run.instances.get(key);
  release(run, key, before);
  run.instances.set(key, {
    stage: index,
    path,
    status: "running",
    n,
    starts: (before?.starts ?? 0) + 1,
    firstMs: before?.firstMs ?? timeMs,
    startedMs: timeMs,
    entered: 0,
    left: 0,
    lost: 0,
    ...(step.items !== undefined && { items: step.items }),
    ...(step.child !== undefined && { child: step.child }),
    ...(step.version !== undefined && { version: step.version }),
    ...(step.waitMs !== undefined && { waitMs: step.waitMs }),
    ...(step.taken !== undefined && { taken: step.taken }),
  });
  countStart(run, index, n);
  const { kind } = one.stage;
  if (kind === "call" || kind === "pipeline" || kind === "delay" || kind === "signal") run.starts++;
  switch (one.stage.kind) {
    case "call":
      run.totals = { ...run.totals, requests: run.totals.requests + 1 };
      run.open.set(openKey(index, n), key);
      break;
    case "pipeline":
      run.open.set(openKey(index, n), key);
      break;
    case "signal": {
      const { signal } = one.stage;
      run.awaiting.set(key, signal);
      for (const [, kept] of run.signals.entries())
        if (kept.signal === signal) {
          run.ready.set(key, true);
          break;
        }
      break;
    }
    case "map":
    case "switch":
    case "loop":
    case "race":
      run.ready.set(key, true);
      break;
    case "delay":
    case "value":
      break;
    default:
      one.stage satisfies never;
  }
  refreshDue(run, one, key);
}

function applyFinished(run: Run, compiled: Compiled, step: StepOf<"finished">, { timeMs }: At): void {
  const { stage: index, path = "", n, durationMs } = step;
  const one = stageAt(compiled, index);
  const key = instanceKey(path, index);
  const before = run.instances.get(key);
  if (before !== undefined && isSettled(before)) return;
  release(run, key, before);
  if (one.stage.kind === "signal" && step.sequence !== undefined) run.signals.delete(step.sequence);
  const isKept = step.outputs !== undefined && keepInline(run, step.outputs);
  const known = before ?? fresh(index, path, n, timeMs - durationMs);
  run.instances.set(key, {
    ...known,
    n,
    starts: Math.max(known.starts, 1),
    status: "finished",
    endedMs: timeMs,
    durationMs,
    ...(isKept && step.outputs !== undefined && { outputs: step.outputs }),
    ...(step.sequence !== undefined && { sequence: step.sequence }),
    ...(step.version !== undefined && { version: step.version }),
    ...(step.taken !== undefined && { taken: step.taken }),
    ...(step.fallback !== undefined && { fallback: step.fallback }),
    ...(step.reused !== undefined && { reused: true }),
  });
  countStart(run, index, n);
  const { usage, timings } = step;
  run.totals = {
    ...run.totals,
    finished: run.totals.finished + 1,
    reused: run.totals.reused + (step.reused === undefined ? 0 : 1),
  };
  if (step.reused === undefined) countSpent(run, usage, timings, durationMs);
  if (step.fallback === "value") takePath(run, bodyPath(known, one.stage.name, "fallback"));
  if (one.stage.compensate !== undefined && step.reused === undefined) run.undo.set(key, true);
  settle(run, compiled, one, path);
}

function applyFailed(run: Run, compiled: Compiled, step: StepOf<"failed">, { timeMs }: At): void {
  const { stage: index, path = "", n, durationMs, error } = step;
  const one = stageAt(compiled, index);
  const key = instanceKey(path, index);
  const before = run.instances.get(key) ?? { ...fresh(index, path, n, timeMs - durationMs), starts: 1 };
  if (isSettled(before)) return;
  dropBodies(run, compiled, before);
  release(run, key, before);
  countStart(run, index, n);
  countSpent(run, step.usage, step.timings, durationMs);
  const { fault: _fault, ...rest } = before;
  const failed: Instance = { ...rest, n, durationMs, error };
  switch (step.next) {
    case "retry":
      run.instances.set(key, { ...failed, status: "backoff", waitMs: step.retryMs ?? 0, startedMs: timeMs });
      refreshDue(run, one, key);
      return;
    case "fallback":
    case "value":
      run.fallbackReason ??= `${one.stage.name}: ${error.code}: ${error.message}`.slice(0, 2_048);
      run.instances.set(key, {
        ...failed,
        status: "running",
        fallback: step.next === "value" ? "value" : "stage",
      });
      run.ready.set(key, true);
      return;
    case "skip":
    case "fail": {
      run.totals = { ...run.totals, failed: run.totals.failed + 1 };
      const status = step.next === "skip" ? "skipped" : "failed";
      run.instances.set(key, { ...failed, status, endedMs: timeMs });
      if (step.next === "skip") {
        settle(run, compiled, one, path);
        return;
      }
      const frame = frameAt(run, path);
      run.frames.set(path, {
        ...frame,
        error: frame.error ?? error,
        failedStage: frame.failedStage ?? index,
      });
      run.complete.set(path, true);
      return;
    }
    default:
      step.next satisfies never;
  }
}

function applySkipped(run: Run, compiled: Compiled, step: StepOf<"skipped">, { timeMs }: At): void {
  const { stage: index, path = "" } = step;
  const key = instanceKey(path, index);
  const before = run.instances.get(key);
  if (before !== undefined && isSettled(before)) return;
  release(run, key, before);
  run.instances.set(key, {
    ...(before ?? fresh(index, path, 0, timeMs)),
    status: "skipped",
    endedMs: timeMs,
  });
  run.totals = { ...run.totals, skipped: run.totals.skipped + 1 };
  settle(run, compiled, stageAt(compiled, index), path);
}

function applyEntered(run: Run, compiled: Compiled, { stage: index, path }: StepOf<"entered">): void {
  if (run.frames.has(path)) return;
  const one = stageAt(compiled, index);
  const parent = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
  const key = instanceKey(parent, index);
  const owner = run.instances.get(key);
  if (owner === undefined) return;
  const place = placeIn(path);
  const { kind } = one.stage;
  const graph =
    place === "fallback" ? one.fallback : one.bodies[kind === "map" || kind === "loop" ? 0 : place];
  if (graph === undefined) return;
  if (kind === "switch" || place === "fallback") takePath(run, path);
  const now = { ...owner, entered: owner.entered + (place === "fallback" ? 0 : 1) };
  run.instances.set(key, now);
  enterFrame(run, compiled, { path, graph, parent, place });
  if (kind === "map" && place !== "fallback" && mayEnterItem(run, one, now)) run.ready.set(key, true);
  else if (kind === "race" && place !== "fallback" && mayEnterAlternative(one, now)) run.ready.set(key, true);
  else run.ready.delete(key);
  refreshDue(run, one, key);
}

function applyLeft(run: Run, compiled: Compiled, { path, error }: StepOf<"left">): void {
  const frame = run.frames.get(path);
  if (frame === undefined || frame.status !== "running" || frame.parent === undefined) return;
  if (error !== undefined) dropInside(run, compiled, frame);
  run.frames.set(path, {
    ...frame,
    status: error === undefined ? "done" : "failed",
    ...(error !== undefined && { error: frame.error ?? error }),
  });
  run.complete.delete(path);
  const graph = graphAt(compiled, frame.graph);
  const one = stageAt(compiled, graph.owner as number);
  const key = instanceKey(frame.parent, one.index);
  const owner = run.instances.get(key);
  if (owner === undefined || isSettled(owner)) return;
  const hasFailed = error !== undefined;
  if (frame.place === "fallback") {
    run.instances.set(key, hasFailed ? { ...owner, fault: error } : owner);
    run.ready.set(key, true);
    return;
  }
  const now: Instance = { ...owner, left: owner.left + 1, lost: owner.lost + (hasFailed ? 1 : 0) };
  switch (one.stage.kind) {
    case "map": {
      const isFault = hasFailed && one.stage.onItemFailure !== "skip";
      if (isFault && now.fault === undefined) now.fault = error;
      if (now.fault !== undefined || now.left === now.items || mayEnterItem(run, one, now))
        run.ready.set(key, true);
      break;
    }
    case "race":
      if (!hasFailed) now.taken ??= frame.place;
      else if (now.lost === one.bodies.length) now.fault = error;
      if (!hasFailed || now.fault !== undefined || mayEnterAlternative(one, now)) run.ready.set(key, true);
      break;
    default:
      if (hasFailed) now.fault = error;
      run.ready.set(key, true);
  }
  run.instances.set(key, now);
}

function applyCompensating(run: Run, { stage, path = "", n }: StepOf<"compensating">): void {
  const key = instanceKey(path, stage);
  const before = run.instances.get(key);
  if (before === undefined) return;
  run.instances.set(key, { ...before, undoing: n });
  run.open.set(openKey(stage, n), key);
  run.totals = { ...run.totals, requests: run.totals.requests + 1 };
  countStart(run, stage, n);
}

function applyCompensated(run: Run, { stage, path = "", n, error }: StepOf<"compensated">): void {
  const key = instanceKey(path, stage);
  const before = run.instances.get(key);
  run.undo.delete(key);
  run.open.delete(openKey(stage, n));
  run.arrived.delete(key);
  if (before !== undefined) {
    const { undoing: _undoing, ...rest } = before;
    run.instances.set(key, rest);
  }
  if (run.compensated.length >= RUN_BOUNDS.compensated) return;
  const report = { stage, ...(path !== "" && { path }), ...(error !== undefined && { error }) };
  run.compensated = [...run.compensated, report];
}

function applyEnded(run: Run, compiled: Compiled, step: StepOf<"ended">, { timeMs }: At): void {
  if (run.outcome !== undefined) return;
  const root = frameAt(run, "");
  if (step.status !== "succeeded") dropInside(run, compiled, root);
  run.frames.set("", { ...root, status: step.status === "succeeded" ? "done" : "failed" });
  run.complete.delete("");
  run.due.delete("");
  run.endedMs = timeMs;
  run.outcome = {
    status: step.status,
    ...(step.error !== undefined && { error: step.error }),
    ...(step.stage !== undefined && { stage: step.stage }),
  };
}

function fresh(stage: number, path: string, n: number, startedMs: number): Instance {
  return {
    stage,
    path,
    status: "running",
    n,
    starts: 0,
    firstMs: startedMs,
    startedMs,
    entered: 0,
    left: 0,
    lost: 0,
  };
}

function placeIn(path: string): number | "fallback" {
  const place = path.slice(path.lastIndexOf("[") + 1, -1);
  return place === "fallback" ? place : Number(place);
}
