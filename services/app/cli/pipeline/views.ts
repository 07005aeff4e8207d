// Pipelines, runs and what is found in them, as lines for a person. Pure.

import { shorten } from "../../../../schemas/signature/shorten.ts";
import type {
  PipelineAnalysis,
  PipelineDetails,
  PipelineInfo,
  RunProgress,
  RunSummary,
} from "../../../client/mod.ts";
import { bar, milliseconds, percent } from "../figures.ts";
import { table } from "../table.ts";
import { profileLines } from "./profile-lines.ts";
import { runLines } from "./run-lines.ts";
import type { Paint } from "./symbols.ts";

const SHOWN = 80;

export function listLines(pipelines: readonly PipelineInfo[]): string[] {
  if (pipelines.length === 0) return ["no pipelines"];
  const rows = pipelines.map(({ name, owner, version, versions, stages, signature, description }) => [
    name,
    owner === "shared" ? "shared" : "own",
    version,
    `${versions}`,
    `${stages}`,
    shorten(description ?? signature, SHOWN),
  ]);
  return table([["pipeline", "", "version", "versions", "stages", ""], ...rows]);
}

export function detailLines({
  name,
  owner,
  version,
  signature,
  versions,
  definition,
}: PipelineDetails): string[] {
  return [
    `${name}  version ${version}${owner === "shared" ? ", for everybody" : ""}`,
    ...(definition.description === undefined ? [] : [definition.description]),
    "",
    signature,
    "",
    ...table(versions.map((one) => [one.version, one.registeredAt, `by ${one.by}`])),
  ];
}

export function runsLines(runs: readonly RunSummary[]): string[] {
  if (runs.length === 0) return ["no runs"];
  const rows = runs.map(({ run, pipeline, status, percent: done, startedAt, durationMs, error, parent }) => [
    run,
    pipeline,
    status,
    `${Math.floor(done)} %`,
    startedAt,
    milliseconds(durationMs),
    error === undefined
      ? parent === undefined
        ? ""
        : `part of ${parent.run}`
      : `${error.code}: ${shorten(error.message, SHOWN)}`,
  ]);
  return table([["run", "pipeline", "status", "", "started", "took", ""], ...rows]);
}

export function progressLines(progress: RunProgress, paint: Paint, columns: number): string[] {
  const { durationMs, dueAt, parent, children, signals, error, inFlight } = progress;
  const facts = [
    ["started", progress.startedAt],
    ...(dueAt === undefined || progress.status !== "running" ? [] : [["due", dueAt]]),
    ...(inFlight > 0 ? [["in flight", `${inFlight} requests`]] : []),
    ...(parent === undefined ? [] : [["part of", `${parent.run}, stage ${parent.stage}`]]),
    ...(children.length === 0 ? [] : [["started runs", children.join(" ")]]),
    ...(signals.length === 0 ? [] : [["signals kept", signals.join(" ")]]),
    ...(error === undefined ? [] : [["error", `${error.code}: ${error.message}`]]),
  ];
  const view = { ...progress, elapsedMs: durationMs };
  return [...runLines(view, { paint, columns, rows: Number.POSITIVE_INFINITY }), "", ...table(facts)];
}

export function analysisLines(analysis: PipelineAnalysis, paint: Paint): string[] {
  const { pipeline, version, run, runs, status, wallMs, workMs, waitMs, parallelSpeedup, usage, split } =
    analysis;
  const of = run === undefined ? `${runs} runs` : `run ${run}`;
  const ended = Object.entries(status).map(([one, count]) => (run === undefined ? `${count} ${one}` : one));
  const tokens = usage.inputTokens + usage.outputTokens;
  const facts = [
    ["took", `${milliseconds(wallMs)}${run === undefined ? " (mean)" : ""}`],
    ["work", `${milliseconds(workMs)}, waits ${milliseconds(waitMs)}`],
    ["speed-up", `${parallelSpeedup.toFixed(2)} (work by time)`],
    ...(tokens > 0 ? [["tokens", `${usage.inputTokens} in, ${usage.outputTokens} out`]] : []),
    ...(usage.costUsd > 0 ? [["cost", `$${usage.costUsd.toFixed(4)}`]] : []),
  ];
  return [
    `${paint("bold", pipeline)} ${version}  ${of}  ${ended.join(", ")}`,
    "",
    ...table(facts),
    ...criticalLines(analysis, paint),
    "",
    ...stageLines(analysis),
    ...profileLines(split, paint),
    "",
    paint("bold", analysis.advice),
  ];
}

function criticalLines({ criticalPath = [], wallMs }: PipelineAnalysis, paint: Paint): string[] {
  if (criticalPath.length === 0) return [];
  const rows = criticalPath.map(({ name, path, durationMs, gapMs }) => [
    `  ${path === undefined ? "" : `${path}/`}${name}`,
    bar(wallMs === 0 ? 0 : durationMs / wallMs),
    milliseconds(durationMs),
    gapMs >= 1 ? `${milliseconds(gapMs)} after what it waited for` : "",
  ]);
  return ["", paint("bold", "critical path"), ...table(rows)];
}

function stageLines({ stages }: PipelineAnalysis): string[] {
  const rows = stages
    .filter(({ requests, workMs }) => requests > 0 || workMs > 0)
    .map((stage) => [
      `${"  ".repeat(stage.within.length)}${stage.name}`,
      stage.program ?? stage.kind,
      `${stage.requests}`,
      milliseconds(stage.p50Ms),
      milliseconds(stage.p95Ms),
      milliseconds(stage.waitMs),
      `${stage.inputTokens + stage.outputTokens}`,
      stage.failed > 0 || stage.retried > 0 ? `${stage.failed} failed, ${stage.retried} again` : "",
      percent(stage.criticalShare),
    ]);
  return table([
    ["stage", "", "requests", "p50", "p95", "waits", "tokens", "", "of the critical path"],
    ...rows,
  ]);
}
