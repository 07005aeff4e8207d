// Where the time and the money of runs went: by stage, by what a request does, along the critical path; and what to
// change first. Pure.

import { roundMs } from "../../../schemas/messages/ms.ts";
import type { PipelineAnalysis, RunStatus, StageAnalysis } from "../../client/pipelines/answers.ts";
import type { Compiled } from "../definition/compiled.ts";
import type { PipelinesEvent } from "../event.ts";
import { advise, type Bottleneck } from "./advice.ts";
import { criticalPath } from "./critical-path.ts";
import { profileOf } from "./profile.ts";
import { durationOf, type Span, spansOf } from "./spans.ts";

export interface AnalysedRun {
  run: string;
  status: RunStatus;
  compiled: Compiled;
  events: readonly PipelinesEvent[];
  startedMs: number;
  endedMs: number;
}

const LEAVES = new Set(["call", "pipeline", "delay", "signal"]);
const MOST_LINKS_TOLD = 256;

/** All of one version, at least one. */
export function analyse(runs: readonly [AnalysedRun, ...AnalysedRun[]], isOne: boolean): PipelineAnalysis {
  const [{ compiled, run }] = runs;
  const { definition, version } = compiled;
  const told = runs.map((one) => {
    const spans = spansOf(one.events, (stage) => LEAVES.has(compiled.stages[stage]?.stage.kind ?? ""));
    return { ...one, spans, path: criticalPath(spans, compiled) };
  });
  const spans = told.flatMap((one) => one.spans);
  const onPath = told.flatMap((one) => one.path);
  const pathMs = sum(onPath, durationOf);
  const wallMs = sum(told, ({ startedMs, endedMs }) => endedMs - startedMs) / told.length;
  const workMs = sum(spans, (span) => span.workMs) / told.length;
  const waitMs = sum(spans, (span) => (span.isRequest ? durationOf(span) - span.workMs : 0)) / told.length;
  const stages = compiled.stages
    .filter(({ stage }) => LEAVES.has(stage.kind))
    .map((one) => {
      const own = spans.filter((span) => span.stage === one.index);
      const critical = sum(
        onPath.filter((span) => span.stage === one.index),
        durationOf,
      );
      return stageAnalysis(one, own, pathMs === 0 ? 0 : critical / pathMs);
    });
  const bottleneck = bottleneckOf(stages, onPath);
  const parallelSpeedup = wallMs === 0 ? 0 : roundMs(workMs / wallMs);
  const status: PipelineAnalysis["status"] = {};
  for (const one of told) status[one.status] = (status[one.status] ?? 0) + 1;
  return {
    pipeline: definition.name,
    version,
    ...(isOne && { run }),
    runs: told.length,
    status,
    wallMs: roundMs(wallMs),
    workMs: roundMs(workMs),
    waitMs: roundMs(waitMs),
    parallelSpeedup,
    ...(isOne && { criticalPath: links(told[0]?.path ?? []) }),
    stages,
    split: {
      native: profileOf(spans.filter((span) => span.isRequest && !isPython(span))),
      python: profileOf(spans.filter((span) => span.isRequest && isPython(span))),
    },
    usage: {
      inputTokens: sum(spans, (span) => span.usage?.inputTokens ?? 0),
      outputTokens: sum(spans, (span) => span.usage?.outputTokens ?? 0),
      costUsd: sum(spans, (span) => span.usage?.costUsd ?? 0),
    },
    ...(bottleneck !== undefined && { bottleneck }),
    advice: advise({ bottleneck, parallelSpeedup, stages, compiled }),
  };
}

function stageAnalysis(
  { index, stage, within }: Compiled["stages"][number],
  spans: readonly Span[],
  criticalShare: number,
): StageAnalysis {
  const durations = spans.map(durationOf).sort((a, b) => a - b);
  return {
    stage: index,
    name: stage.name,
    within: [...within],
    kind: stage.kind,
    ...(stage.kind === "call" && { program: stage.program }),
    runs: spans.length,
    requests: spans.filter((span) => span.isRequest).length,
    failed: spans.filter((span) => span.status === "failed" && !span.retried).length,
    retried: spans.filter((span) => span.retried).length,
    p50Ms: roundMs(percentile(durations, 0.5)),
    p95Ms: roundMs(percentile(durations, 0.95)),
    workMs: roundMs(sum(spans, (span) => span.workMs)),
    waitMs: roundMs(sum(spans, (span) => durationOf(span) - span.workMs)),
    inputTokens: sum(spans, (span) => span.usage?.inputTokens ?? 0),
    outputTokens: sum(spans, (span) => span.usage?.outputTokens ?? 0),
    costUsd: sum(spans, (span) => span.usage?.costUsd ?? 0),
    criticalShare: roundMs(criticalShare),
  };
}

function bottleneckOf(stages: readonly StageAnalysis[], onPath: readonly Span[]): Bottleneck | undefined {
  const worst = [...stages].sort((a, b) => b.criticalShare - a.criticalShare)[0];
  if (worst === undefined || worst.criticalShare === 0) return undefined;
  const own = onPath.filter((span) => span.stage === worst.stage);
  const profile = profileOf(own);
  const parts: [Bottleneck["why"], number][] = [
    ["work", profile.codeMs],
    ["model", profile.modelMs],
    ["serialisation", profile.decodeMs + profile.encodeMs],
    ["validation", profile.validateMs],
    ["failures", profile.failedMs],
    ["queue", profile.queueMs],
    ["route", profile.routeMs],
    ["transfer", profile.transferMs],
    ["wait", sum(own, (span) => (span.isRequest ? 0 : durationOf(span)))],
  ];
  const [why] = parts.sort((a, b) => b[1] - a[1])[0] as [Bottleneck["why"], number];
  return { stage: [...worst.within, worst.name].join("/"), share: worst.criticalShare, why };
}

function links(path: readonly Span[]): NonNullable<PipelineAnalysis["criticalPath"]> {
  return path.slice(0, MOST_LINKS_TOLD).map((span, n) => ({
    stage: span.stage,
    name: span.name,
    ...(span.path !== "" && { path: span.path }),
    n: span.n,
    startedAt: new Date(span.startMs).toISOString(),
    durationMs: roundMs(durationOf(span)),
    workMs: roundMs(span.workMs),
    waitMs: roundMs(durationOf(span) - span.workMs),
    gapMs: roundMs(Math.max(span.startMs - (path[n - 1]?.endMs ?? span.startMs), 0)),
  }));
}

function isPython({ pool }: Span): boolean {
  return pool !== undefined && pool !== "native";
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
}

function sum<Of>(all: readonly Of[], value: (one: Of) => number): number {
  return all.reduce((total, one) => total + value(one), 0);
}
