// How stages with bodies go on, from one body to the next and to their end, and what signals bring. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import { type CompiledStage, stageAt } from "../definition/compiled.ts";
import { fail, noPlace, wire, wireOf } from "./fail-stage.ts";
import { needsSlot } from "./may-enter.ts";
import { MissingValues } from "./needs.ts";
import { raceOrder } from "./race-order.ts";
import { isSmall } from "./size.ts";
import { startStage } from "./start-stage.ts";
import { bodyPath, type Instance, isSettled, type StepOf } from "./state.ts";
import type { Trial } from "./trial.ts";

type Outputs = Record<string, unknown>;

/** The time of an instance may have come. */
export function onDue(trial: Trial, key: string): true {
  const instance = trial.run.instances.get(key);
  if (instance === undefined || isSettled(instance)) return true;
  const one = stageAt(trial.compiled, instance.stage);
  const { stage } = one;
  const { nowMs } = trial.input;
  // A result that has come counts, however late it is looked at.
  if (trial.run.arrived.has(key)) return true;
  const waited = nowMs - instance.startedMs;
  if (instance.status === "backoff") {
    if (waited < (instance.waitMs ?? 0)) return true;
    if (!needsSlot(stage) || !trial.hasNoSlot) return startStage(trial, one, key, instance);
    trial.waiting.push(key);
    return true;
  }
  if (stage.kind === "delay" && waited >= (instance.waitMs ?? 0))
    return finish(trial, one, key, instance, {});
  if (stage.timeoutMs !== undefined && waited >= stage.timeoutMs) {
    const why = `stage "${stage.name}" took longer than ${stage.timeoutMs} ms`;
    return fail(trial, one, key, instance, wire("deadline_exceeded", why));
  }
  return stage.kind === "race" ? enterAlternatives(trial, one, key) : true;
}

export function goOn(trial: Trial, one: CompiledStage, key: string, instance: Instance): true {
  const { stage } = one;
  if (instance.fault !== undefined) return fail(trial, one, key, instance, instance.fault);
  if (instance.fallback === "value") return standIn(trial, one, key, instance);
  if (instance.fallback === "stage") return goOnFallback(trial, one, key, instance);
  try {
    switch (stage.kind) {
      case "map":
        return instance.left === instance.items
          ? finishBodies(trial, one, key, instance, {})
          : enter(trial, one, key, instance, instance.entered);
      case "loop":
        return goOnLoop(trial, one, key, instance);
      case "switch": {
        const { taken = 0 } = instance;
        const body = one.bodies[taken];
        if (body === undefined || instance.left > 0) return finishBodies(trial, one, key, instance, {});
        return enter(trial, one, key, instance, taken);
      }
      case "race":
        if (instance.taken === undefined) return enterAlternatives(trial, one, key);
        for (const [place] of one.bodies.entries()) {
          const path = bodyPath(instance, stage.name, place);
          if (trial.run.frames.get(path)?.status === "running")
            trial.step({ kind: "dropped", stage: one.index, path });
        }
        return finishBodies(trial, one, key, instance, { taken: instance.taken });
      case "signal":
        return takeSignal(trial, one, key, instance);
      default:
        throw new DspexError("internal", `stage "${stage.name}" cannot go on`);
    }
  } catch (error) {
    if (error instanceof MissingValues) throw error;
    return fail(trial, one, key, instance, wireOf(error));
  }
}

function goOnLoop(trial: Trial, one: CompiledStage, key: string, instance: Instance): true {
  const { stage } = one;
  if (stage.kind !== "loop") return true;
  const { entered } = instance;
  if (entered === 0) return enter(trial, one, key, instance, 0);
  const last = bodyPath(instance, stage.name, entered - 1);
  const isOver =
    entered >= stage.max || (one.until !== undefined && trial.evaluator.condition(one.until, last));
  return isOver ? finishBodies(trial, one, key, instance, {}) : enter(trial, one, key, instance, entered);
}

/** All whose time has come, or the next one when those before it have failed. */
function enterAlternatives(trial: Trial, one: CompiledStage, key: string): true {
  const { nowMs } = trial.input;
  for (;;) {
    const now = trial.run.instances.get(key) as Instance;
    const next = raceOrder(one.stage)[now.entered];
    const isDue = next !== undefined && (nowMs - now.startedMs >= next.afterMs || now.lost === now.entered);
    if (!isDue || now.status !== "running" || now.fallback !== undefined) return true;
    enter(trial, one, key, now, next.place);
  }
}

function enter(
  trial: Trial,
  one: CompiledStage,
  key: string,
  instance: Instance,
  place: number | "fallback",
): true {
  if (trial.hasNoPlace) return fail(trial, one, key, instance, noPlace(trial));
  return trial.step({ kind: "entered", stage: one.index, path: bodyPath(instance, one.stage.name, place) });
}

function goOnFallback(trial: Trial, one: CompiledStage, key: string, instance: Instance): true {
  const path = bodyPath(instance, one.stage.name, "fallback");
  const frame = trial.run.frames.get(path);
  return frame === undefined
    ? enter(trial, one, key, instance, "fallback")
    : finishBodies(trial, one, key, instance, { fallback: "stage" });
}

function standIn(trial: Trial, one: CompiledStage, key: string, instance: Instance): true {
  let outputs: Outputs;
  try {
    outputs = trial.evaluator.values(one.standIn ?? [], instance.path);
  } catch (error) {
    if (error instanceof MissingValues) throw error;
    return fail(trial, one, key, instance, wireOf(error));
  }
  return finish(trial, one, key, instance, { fallback: "value", ...(isSmall(outputs) && { outputs }) });
}

function finishBodies(
  trial: Trial,
  one: CompiledStage,
  key: string,
  instance: Instance,
  more: { taken?: number; fallback?: "stage" },
): true {
  const outputs = trial.evaluator.outputsIfAtHand({ ...instance, ...more, status: "finished" });
  return finish(trial, one, key, instance, {
    ...more,
    ...(outputs !== undefined && isSmall(outputs) && { outputs }),
  });
}

function finish(
  trial: Trial,
  one: CompiledStage,
  key: string,
  { n, firstMs }: Instance,
  more: Partial<StepOf<"finished">>,
): true {
  const durationMs = Math.max(trial.input.nowMs - firstMs, 0);
  return trial.step({ kind: "finished", ...trial.where(one, key), n, durationMs, ...more });
}

function takeSignal(trial: Trial, one: CompiledStage, key: string, instance: Instance): true {
  const { stage } = one;
  if (stage.kind !== "signal") return true;
  for (const [sequence, { signal, data = {} }] of trial.run.signals.entries()) {
    if (signal !== stage.signal) continue;
    if (stage.approval === true && data.approved !== true) {
      const note = typeof data.note === "string" && data.note !== "" ? `: ${data.note}` : "";
      const error = wire("not_allowed", `"${signal}" was not approved${note}`);
      return fail(trial, one, key, instance, error, { signal: sequence });
    }
    return finish(trial, one, key, instance, { outputs: data, sequence });
  }
  throw new DspexError("internal", `no signal "${stage.signal}" came`);
}
