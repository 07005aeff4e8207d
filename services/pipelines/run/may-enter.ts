// Whether another body of a stage may begin, and when the stage has to be looked at next. Pure.

import type { PipelineStage } from "../../../schemas/messages/pipeline-definition.ts";
import type { CompiledStage } from "../definition/compiled.ts";
import { raceOrder } from "./race-order.ts";
import type { Instance, Run } from "./state.ts";

/** It is among the requests and child runs that are on at once. */
export function needsSlot({ kind }: PipelineStage): boolean {
  return kind === "call" || kind === "pipeline";
}

export function mayEnterItem(
  run: Run,
  { stage }: CompiledStage,
  { entered, left, items = 0, fault }: Instance,
): boolean {
  if (stage.kind !== "map" || fault !== undefined || entered >= items) return false;
  return entered - left < (stage.concurrency ?? run.concurrency);
}

/** The next alternative is due by time from the start, or at once when all before it have failed. */
export function mayEnterAlternative(one: CompiledStage, { entered, lost, taken }: Instance): boolean {
  if (taken !== undefined) return false;
  const next = raceOrder(one.stage)[entered];
  return next !== undefined && (next.afterMs === 0 || lost === entered);
}

/** When the instance has to be looked at next, though nothing happens. */
export function refreshDue(run: Run, { stage }: CompiledStage, key: string): void {
  const instance = run.instances.get(key);
  if (instance === undefined) return;
  const { status, startedMs, waitMs, entered, taken, fallback } = instance;
  const dues: number[] = [];
  if (status === "backoff") dues.push(startedMs + (waitMs ?? 0));
  else if (status === "running" && fallback === undefined) {
    if (stage.kind === "delay") dues.push(startedMs + (waitMs ?? 0));
    if (stage.timeoutMs !== undefined) dues.push(startedMs + stage.timeoutMs);
    if (stage.kind === "race" && taken === undefined) {
      const next = raceOrder(stage)[entered];
      if (next !== undefined && next.afterMs > 0) dues.push(startedMs + next.afterMs);
    }
  }
  if (dues.length === 0) run.due.delete(key);
  else run.due.set(key, Math.min(...dues));
}
