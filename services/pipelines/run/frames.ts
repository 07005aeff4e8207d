// Frames of a run: graphs that are entered, stages in them that nothing holds up any more, and what is given up with
// them. Pure; changes the run.

import { type Compiled, type CompiledStage, graphAt, stageAt } from "../definition/compiled.ts";
import { needsSlot } from "./may-enter.ts";
import { offerSignals } from "./signals.ts";
import { bodyPath, type Frame, type Instance, instanceKey, isSettled, openKey, type Run } from "./state.ts";

export function enterFrame(run: Run, compiled: Compiled, frame: Omit<Frame, "open" | "status">): void {
  const { stages, roots } = graphAt(compiled, frame.graph);
  run.frames.set(frame.path, { ...frame, open: stages.length, status: "running" });
  for (const root of roots) wake(run, stageAt(compiled, root), frame.path);
  if (stages.length === 0) run.complete.set(frame.path, true);
}

/** Nothing holds the stage up any more. */
export function wake(run: Run, { stage, index }: CompiledStage, path: string): void {
  (needsSlot(stage) ? run.queued : run.ready).set(instanceKey(path, index), true);
}

/** The stage has ended for good: those that waited for it may go on, and its frame may be complete. */
export function settle(run: Run, compiled: Compiled, one: CompiledStage, path: string): void {
  const frame = frameAt(run, path);
  if (frame.status !== "running") return;
  const open = frame.open - 1;
  run.frames.set(path, { ...frame, open });
  for (const index of one.feeds) {
    const waiting = stageAt(compiled, index);
    if (run.instances.has(instanceKey(path, index))) continue;
    const isHeld = waiting.needs.some((need) => {
      const needed = run.instances.get(instanceKey(path, need));
      return needed === undefined || !isSettled(needed);
    });
    if (!isHeld) wake(run, waiting, path);
  }
  if (open === 0) run.complete.set(path, true);
}

/** What the instance occupied is free. */
export function release(run: Run, key: string, instance: Instance | undefined): void {
  if (instance !== undefined) run.open.delete(openKey(instance.stage, instance.n));
  run.arrived.delete(key);
  run.due.delete(key);
  const signal = run.awaiting.get(key);
  run.awaiting.delete(key);
  const wasReady = run.ready.delete(key);
  run.queued.delete(key);
  // It was woken for a signal that it did not take: that is another's then.
  if (signal !== undefined && wasReady) offerSignals(run, signal);
}

export function dropFrame(run: Run, compiled: Compiled, path: string): void {
  const frame = run.frames.get(path);
  if (frame === undefined || frame.status !== "running") return;
  dropInside(run, compiled, frame);
  run.frames.set(path, { ...frame, status: "dropped" });
  run.complete.delete(path);
}

/** All that goes on in the frame is given up; what has finished stays known. */
export function dropInside(run: Run, compiled: Compiled, { path, graph }: Frame): void {
  for (const index of graphAt(compiled, graph).stages) {
    const key = instanceKey(path, index);
    const instance = run.instances.get(key);
    if (instance === undefined) {
      run.ready.delete(key);
      run.queued.delete(key);
      continue;
    }
    if (isSettled(instance)) continue;
    release(run, key, instance);
    run.instances.set(key, { ...instance, status: "cancelled" });
    run.totals = { ...run.totals, cancelled: run.totals.cancelled + 1 };
    dropBodies(run, compiled, instance);
  }
}

export function dropBodies(run: Run, compiled: Compiled, instance: Instance): void {
  for (const path of bodyPaths(compiled, instance)) dropFrame(run, compiled, path);
}

/** Paths that bodies of the instance may have. */
export function* bodyPaths(compiled: Compiled, instance: Instance): Generator<string> {
  const { stage, bodies, fallback } = stageAt(compiled, instance.stage);
  const isRepeated = stage.kind === "map" || stage.kind === "loop";
  const count = isRepeated ? instance.entered : bodies.length;
  for (let n = 0; n < count; n++) yield bodyPath(instance, stage.name, n);
  if (fallback !== undefined) yield bodyPath(instance, stage.name, "fallback");
}

export function frameAt(run: Run, path: string): Frame {
  const frame = run.frames.get(path);
  if (frame === undefined) throw new RangeError(`no frame ${JSON.stringify(path)} in run ${run.run}`);
  return frame;
}
