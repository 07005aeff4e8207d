// run + a body that begins or has ended → run: what it means for the stage that it belongs to. Changes the run, its
// records by replacing them.

import { type Compiled, graphAt, stageAt } from "../definition/compiled.ts";
import { dropInside, enterFrame } from "./frames.ts";
import { mayEnterAlternative, mayEnterItem, refreshDue } from "./may-enter.ts";
import { type Instance, instanceKey, isSettled, type Run, type StepOf } from "./state.ts";
import { takePath } from "./totals.ts";

export function applyEntered(run: Run, compiled: Compiled, { stage: index, path }: StepOf<"entered">): void {
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

export function applyLeft(run: Run, compiled: Compiled, { path, error }: StepOf<"left">): void {
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

function placeIn(path: string): number | "fallback" {
  const place = path.slice(path.lastIndexOf("[") + 1, -1);
  return place === "fallback" ? place : Number(place);
}
