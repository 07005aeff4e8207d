// What a run did and when, from its events: one span for each start of a request, a child run or a wait. Pure.

import type { Usage } from "../../../schemas/messages/parts.ts";
import type { PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import type { PipelinesEvent } from "../event.ts";
import { partsOf, type SpanParts } from "./profile.ts";

export interface Span {
  stage: number;
  name: string;
  path: string;
  n: number;
  startMs: number;
  endMs: number;
  status: "finished" | "failed" | "cancelled";
  retried: boolean;
  isRequest: boolean;
  pool: string | undefined;
  usage: Usage | undefined;
  /** What its request's attempt ran. */
  workMs: number;
  /** Of a request. */
  parts: SpanParts | undefined;
}

/** Of stages with bodies only those within them; in the order in which they began. */
export function spansOf(events: readonly PipelinesEvent[], isLeaf: (stage: number) => boolean): Span[] {
  const open = new Map<string, { step: Extract<PipelineStep, { kind: "started" }>; startMs: number }>();
  const spans: Span[] = [];
  for (const event of events) {
    if (event.kind !== "started" && event.kind !== "progressed" && event.kind !== "finished") continue;
    for (const step of event.data.steps ?? []) {
      if (step.kind === "started" && isLeaf(step.stage))
        open.set(`${step.stage}_${step.n}`, { step, startMs: event.timeMs });
      if (step.kind !== "finished" && step.kind !== "failed") continue;
      const key = `${step.stage}_${step.n}`;
      const begun = open.get(key);
      if (begun === undefined) continue;
      open.delete(key);
      spans.push(spanOf(step, begun.startMs));
    }
  }
  return spans.sort((a, b) => a.startMs - b.startMs);
}

function spanOf(step: Extract<PipelineStep, { kind: "finished" | "failed" }>, startMs: number): Span {
  const { stage, name, path = "", n, durationMs, timings, usage, pool, modelMs } = step;
  return {
    stage,
    name,
    path,
    n,
    startMs,
    endMs: startMs + durationMs,
    status: step.kind,
    retried: step.kind === "failed" && step.next === "retry",
    isRequest: timings !== undefined,
    pool,
    usage,
    workMs: timings?.runMs ?? 0,
    parts: timings === undefined ? undefined : partsOf(timings, modelMs),
  };
}

export function durationOf({ startMs, endMs }: Span): number {
  return endMs - startMs;
}
