// Runs as the API tells them: those that are on from the fold, others from their events.

import { DspexError } from "../../schemas/errors.ts";
import type { PipelineDefinition } from "../../schemas/messages/pipeline-definition.ts";
import type { PipelineAnalysis, RunProgress, RunStatus, RunSummary } from "../client/pipelines/answers.ts";
import type { LogReader } from "../log/read.ts";
import { type AnalysedRun, analyse } from "./analysis/analyse.ts";
import { progressOf, statusOf, summaryOf, summaryOfEnded } from "./progress.ts";
import { retell, type ToldRun } from "./retell.ts";
import { compiledVersion, keyOf, type PipelinesState } from "./state.ts";

interface Source {
  state: PipelinesState;
  reader: LogReader;
}

export interface RunsAsked {
  status?: RunStatus | undefined;
  pipeline?: string | undefined;
  /** The last run of the page before. */
  after?: string | undefined;
  limit: number;
}

export interface AnalysisAsked {
  run?: string | undefined;
  pipeline?: string | undefined;
  last: number;
}

/** @throws DspexError `not_found`, `gone` */
export async function tellProgress(
  { state, reader }: Source,
  user: string,
  name: string,
): Promise<RunProgress> {
  const on = state.runs.get(keyOf(user, name));
  if (on !== undefined)
    return progressOf(on, compiledVersion(state, on.version), Math.max(Date.now(), state.timeMs));
  const { run: told, compiled, result, endedMs } = await retell(reader, state, user, name);
  if (result === undefined || endedMs === undefined) return progressOf(told, compiled, state.timeMs);
  const { status, error } = result;
  return progressOf(told, compiled, endedMs, { status, endedMs, ...(error !== undefined && { error }) });
}

/** What the run runs. @throws DspexError `not_found`, `gone` */
export async function tellDefinition(
  { state, reader }: Source,
  user: string,
  name: string,
): Promise<PipelineDefinition> {
  const on = state.runs.get(keyOf(user, name));
  if (on !== undefined) return compiledVersion(state, on.version).definition;
  return (await retell(reader, state, user, name)).compiled.definition;
}

/** The newest first. Behind a run that is remembered no more there is nothing. */
export function listRuns(
  state: PipelinesState,
  user: string,
  { status, pipeline, after, limit }: RunsAsked,
): { runs: RunSummary[]; next?: string } {
  const nowMs = Math.max(Date.now(), state.timeMs);
  const all: { startedMs: number; summary: () => RunSummary; run: string }[] = [];
  for (const one of state.runs.values()) {
    if (one.user !== user || (pipeline !== undefined && one.pipeline !== pipeline)) continue;
    all.push({
      startedMs: one.startedMs,
      run: one.run,
      summary: () => summaryOf(one, compiledVersion(state, one.version), nowMs),
    });
  }
  for (const one of state.ended.values()) {
    if (one.user !== user || (pipeline !== undefined && one.pipeline !== pipeline)) continue;
    all.push({ startedMs: one.startedMs, run: one.run, summary: () => summaryOfEnded(one) });
  }
  all.sort((a, b) => b.startedMs - a.startedMs || (a.run < b.run ? 1 : -1));
  const at = after === undefined ? -1 : all.findIndex((one) => one.run === after);
  if (after !== undefined && at === -1) return { runs: [] };
  const listed: RunSummary[] = [];
  let more = false;
  for (const one of all.slice(at + 1)) {
    const summary = one.summary();
    if (status !== undefined && summary.status !== status) continue;
    if (listed.length === limit) {
      more = true;
      break;
    }
    listed.push(summary);
  }
  const last = listed.at(-1);
  return { runs: listed, ...(more && last !== undefined && { next: last.run }) };
}

/** Of one run, or over the last ones of a pipeline's newest version among them. */
export async function analyseRuns(
  { state, reader }: Source,
  user: string,
  { run: name, pipeline, last }: AnalysisAsked,
): Promise<PipelineAnalysis> {
  if (name !== undefined)
    return analyse([analysedRun(await retell(reader, state, user, name), state.timeMs)], true);
  const ended = [...state.ended.values()].filter((one) => one.user === user && one.pipeline === pipeline);
  const newest = ended.at(-1);
  if (newest === undefined)
    throw new DspexError("not_found", `no run of pipeline "${pipeline}" has ended`, { path: "pipeline" });
  const same = ended.filter(({ version }) => version === newest.version).slice(-last);
  const analysed: AnalysedRun[] = [];
  for (const { run: one } of same)
    analysed.push(analysedRun(await retell(reader, state, user, one), state.timeMs));
  return analyse(analysed as [AnalysedRun, ...AnalysedRun[]], false);
}

function analysedRun({ run: told, compiled, events, result, endedMs }: ToldRun, nowMs: number): AnalysedRun {
  const status = result?.status ?? statusOf(told);
  return { run: told.run, status, compiled, events, startedMs: told.startedMs, endedMs: endedMs ?? nowMs };
}
