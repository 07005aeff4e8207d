// run + its end → run: the graph has ended, and what was done is taken back. Changes the run, its records by replacing
// them.

import type { Compiled } from "../definition/compiled.ts";
import { RUN_BOUNDS } from "./bounds.ts";
import { dropInside, frameAt } from "./frames.ts";
import { type At, instanceKey, openKey, type Run, type StepOf } from "./state.ts";
import { countStart } from "./totals.ts";

export function applyCompensating(run: Run, { stage, path = "", n }: StepOf<"compensating">): void {
  const key = instanceKey(path, stage);
  const before = run.instances.get(key);
  if (before === undefined) return;
  run.instances.set(key, { ...before, undoing: n });
  run.open.set(openKey(stage, n), key);
  run.totals = { ...run.totals, requests: run.totals.requests + 1 };
  countStart(run, stage, n);
}

export function applyCompensated(run: Run, { stage, path = "", n, error }: StepOf<"compensated">): void {
  const key = instanceKey(path, stage);
  const before = run.instances.get(key);
  // The last of those that are left: one at a time is taken back.
  run.undo.delete(run.undo.size);
  run.open.delete(openKey(stage, n));
  countStart(run, stage, n);
  run.arrived.delete(key);
  if (before !== undefined) {
    const { undoing: _undoing, ...rest } = before;
    run.instances.set(key, rest);
  }
  if (run.compensated.length >= RUN_BOUNDS.compensated) return;
  const report = { stage, ...(path !== "" && { path }), ...(error !== undefined && { error }) };
  run.compensated = [...run.compensated, report];
}

export function applyEnded(run: Run, compiled: Compiled, step: StepOf<"ended">, { timeMs }: At): void {
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
