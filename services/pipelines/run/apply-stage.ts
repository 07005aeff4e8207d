// run + what became of a stage → run: what it means for what waits for it, and for the graph that it is in. Changes the
// run, its records by replacing them.

import { type Compiled, stageAt } from "../definition/compiled.ts";
import { dropBodies, frameAt, release, settle } from "./frames.ts";
import { refreshDue } from "./may-enter.ts";
import { offerSignals } from "./signals.ts";
import {
  type At,
  bodyPath,
  type Instance,
  instanceKey,
  isSettled,
  openKey,
  type Run,
  type StepOf,
} from "./state.ts";
import { countSpent, countStart, keepInline, takePath } from "./totals.ts";

export function applyStarted(run: Run, compiled: Compiled, step: StepOf<"started">, { timeMs }: At): void {
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
    case "signal":
      run.awaiting.set(key, one.stage.signal);
      offerSignals(run, one.stage.signal);
      break;
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

export function applyFinished(run: Run, compiled: Compiled, step: StepOf<"finished">, { timeMs }: At): void {
  const { stage: index, path = "", n, durationMs } = step;
  const one = stageAt(compiled, index);
  const key = instanceKey(path, index);
  const before = run.instances.get(key);
  if (before !== undefined && isSettled(before)) return;
  // Taken, so that nobody else is woken for it.
  if (one.stage.kind === "signal" && step.sequence !== undefined) run.signals.delete(step.sequence);
  release(run, key, before);
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
  if (one.stage.compensate !== undefined && step.reused === undefined) run.undo.set(run.undo.size + 1, key);
  settle(run, compiled, one, path);
}

export function applyFailed(run: Run, compiled: Compiled, step: StepOf<"failed">, { timeMs }: At): void {
  const { stage: index, path = "", n, durationMs, error } = step;
  const one = stageAt(compiled, index);
  const key = instanceKey(path, index);
  const before = run.instances.get(key) ?? { ...fresh(index, path, n, timeMs - durationMs), starts: 1 };
  if (isSettled(before)) return;
  dropBodies(run, compiled, before);
  if (step.sequence !== undefined) run.signals.delete(step.sequence);
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

export function applySkipped(run: Run, compiled: Compiled, step: StepOf<"skipped">, { timeMs }: At): void {
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
