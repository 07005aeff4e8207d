// What a run adds up: outputs in memory, starts, tokens, work and waiting. Pure; changes the run.

import { RUN_BOUNDS } from "./bounds.ts";
import { sizeOf } from "./size.ts";
import type { Run, StepOf } from "./state.ts";

export function keepInline(run: Run, outputs: Record<string, unknown>): boolean {
  const bytes = sizeOf(outputs, RUN_BOUNDS.runInlineBytes);
  if (run.inlineBytes + bytes > RUN_BOUNDS.runInlineBytes) return false;
  run.inlineBytes += bytes;
  return true;
}

export function countStart(run: Run, stage: number, n: number): void {
  if (n > (run.counts.get(stage) ?? 0)) run.counts.set(stage, n);
}

export function countSpent(
  run: Run,
  usage: StepOf<"finished">["usage"],
  timings: StepOf<"finished">["timings"],
  durationMs: number,
): void {
  if (usage === undefined && timings === undefined) return;
  const { totals } = run;
  const workMs = timings?.runMs ?? 0;
  run.totals = {
    ...totals,
    inputTokens: totals.inputTokens + (usage?.inputTokens ?? 0),
    outputTokens: totals.outputTokens + (usage?.outputTokens ?? 0),
    costUsd: totals.costUsd + (usage?.costUsd ?? 0),
    workMs: totals.workMs + workMs,
    waitMs: totals.waitMs + (timings === undefined ? 0 : Math.max(durationMs - workMs, 0)),
  };
}

export function takePath(run: Run, path: string): void {
  if (run.pathTaken.length < RUN_BOUNDS.pathTaken) run.pathTaken = [...run.pathTaken, path];
}
