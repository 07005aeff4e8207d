// The result of a run that has ended: what it gave, what became of each stage, which branches it took, and where its
// time went. Pure.

import type { WireError } from "../../../schemas/errors.ts";
import type { PipelineResult, PipelineStep } from "../../../schemas/messages/pipeline-event.ts";
import { type Compiled, stageAt } from "../definition/compiled.ts";
import { RUN_BOUNDS } from "./bounds.ts";
import { runOutputs } from "./call-inputs.ts";
import type { Evaluator } from "./evaluate.ts";
import { stepError, wireOf } from "./fail-stage.ts";
import { stageRequestId } from "./keys.ts";
import { MissingValues } from "./needs.ts";
import { sizeOf } from "./size.ts";
import { type Instance, instanceKey, type Outcome, type Run } from "./state.ts";

type StageReport = PipelineResult["stages"][number];
type Outputs = Record<string, unknown>;

/** Of an error's message, where many are told; and where there is no room for even that. */
const REPORTED_CHARACTERS = 900;
const SHORT_CHARACTERS = 64;

/** @throws MissingValues when outputs have to be read first */
export function resultOf(
  run: Run,
  compiled: Compiled,
  evaluator: Evaluator,
  nowMs: number,
  steps: PipelineStep[],
): PipelineResult {
  const { outcome, totals, startedMs } = run;
  const { status, error, outputs } = outcomeOf(run, compiled, evaluator);
  const wallMs = Math.max((run.endedMs ?? nowMs) - startedMs, 0);
  const { workMs, waitMs, inputTokens, outputTokens, costUsd } = totals;
  return {
    run: run.run,
    user: run.user,
    pipeline: run.pipeline,
    version: run.version,
    status,
    ...(outputs !== undefined && { outputs }),
    ...(error !== undefined && { error: stepError(error) }),
    ...(outcome?.stage !== undefined && { failedStage: fullName(compiled, outcome.stage) }),
    stages: reportsOf(run, compiled),
    counts: {
      finished: totals.finished,
      failed: totals.failed,
      skipped: totals.skipped,
      cancelled: totals.cancelled,
      requests: totals.requests,
    },
    ...(status !== "succeeded" && { partial: partialOf(run, compiled) }),
    pathTaken: [...within(RUN_BOUNDS.toldBytes, run.pathTaken)],
    ...(run.fallbackReason !== undefined && { fallbackReason: run.fallbackReason }),
    ...(run.compensated.length > 0 && { compensated: compensatedOf(run, compiled) }),
    usage: { inputTokens, outputTokens, ...(costUsd > 0 && { costUsd }) },
    timings: {
      totalMs: wallMs,
      workMs,
      waitMs,
      ...(run.endedMs !== undefined && { finishMs: Math.max(nowMs - run.endedMs, 0) }),
    },
    parallelSpeedup: wallMs === 0 ? 0 : Math.round((workMs / wallMs) * 1_000) / 1_000,
    startedAt: new Date(startedMs).toISOString(),
    ...(run.parent !== undefined && { parent: run.parent }),
    ...(run.reuseOf !== undefined && { reused: { run: run.reuseOf, stages: totals.reused } }),
    log: { started: run.startedSequence, last: run.last },
    ...(steps.length > 0 && { steps }),
  };
}

/** What had all ended well, and cannot be put together any more, has failed after all. */
function outcomeOf(
  { outcome }: Run,
  compiled: Compiled,
  evaluator: Evaluator,
): Outcome & { outputs?: Outputs } {
  if (outcome === undefined) return { status: "failed" };
  if (outcome.status !== "succeeded") return outcome;
  try {
    return { ...outcome, outputs: runOutputs(compiled, evaluator) };
  } catch (thrown) {
    if (thrown instanceof MissingValues) throw thrown;
    return { ...outcome, status: "failed", error: wireOf(thrown) };
  }
}

/** In the order in which they ended, those that did not last. */
function reportsOf(run: Run, compiled: Compiled): StageReport[] {
  const ended: [number, StageReport][] = [];
  for (const [, instance] of run.instances.entries()) {
    ended.push([instance.endedMs ?? Number.MAX_SAFE_INTEGER, reportOf(run, compiled, instance)]);
    // A run of ten thousand requests is told by its first stages, and by its counts.
    if (ended.length >= 4 * RUN_BOUNDS.reported) break;
  }
  const all = ended.sort(([a], [b]) => a - b).map(([, report]) => report);
  return [...within(RUN_BOUNDS.reportedBytes, all.slice(0, RUN_BOUNDS.reported))];
}

function compensatedOf({ compensated }: Run, compiled: Compiled): NonNullable<PipelineResult["compensated"]> {
  const all = compensated.map(({ stage, path, error }) => ({
    stage,
    name: stageAt(compiled, stage).stage.name,
    ...(path !== undefined && { path }),
    ...(error !== undefined && { error: shortError(error) }),
  }));
  return [...within(RUN_BOUNDS.toldBytes, all)];
}

/** As many of them, from the first on, as the result has room for. */
function* within<One>(bytes: number, all: readonly One[]): Generator<One> {
  let left = bytes;
  for (const one of all) {
    left -= sizeOf(one, bytes);
    if (left < 0) return;
    yield one;
  }
}

/** The whole error is in the event of the stage. */
function shortError({ details: _details, message, ...rest }: WireError): NonNullable<StageReport["error"]> {
  return stepError({ ...rest, message: message.slice(0, REPORTED_CHARACTERS).toWellFormed() });
}

function reportOf(run: Run, compiled: Compiled, instance: Instance): StageReport {
  const { stage: index, path, status, starts, n, firstMs, durationMs, error, fallback, reused } = instance;
  const { stage } = stageAt(compiled, index);
  const isOpen = status === "running" || status === "backoff";
  return {
    stage: index,
    name: stage.name,
    ...(path !== "" && { path }),
    status: isOpen ? "unfinished" : status,
    starts,
    ...(starts > 0 && { startedAt: new Date(firstMs).toISOString() }),
    ...(durationMs !== undefined && { durationMs }),
    ...(error !== undefined && { error: shortError(error) }),
    ...(fallback !== undefined && { fallback }),
    ...(reused === true && { reused }),
    ...(stage.kind === "call" &&
      n > 0 &&
      reused !== true && { id: stageRequestId(run.user, run.run, index, n) }),
  };
}

/** Of the pipeline's own stages: what finished with small outputs, and why the others did not. */
function partialOf(run: Run, compiled: Compiled): NonNullable<PipelineResult["partial"]> {
  const finished: Record<string, Record<string, unknown>> = {};
  const unfinished: { stage: string; why: string }[] = [];
  let left: number = RUN_BOUNDS.reportedBytes;
  let whyLeft: number = RUN_BOUNDS.toldBytes;
  for (const index of compiled.graphs[0]?.stages ?? []) {
    const { stage } = stageAt(compiled, index);
    const instance = run.instances.get(instanceKey("", index));
    if (instance?.status === "finished") {
      const { outputs = {} } = instance;
      left -= sizeOf(outputs, RUN_BOUNDS.reportedBytes);
      finished[stage.name] = left < 0 ? {} : outputs;
      continue;
    }
    const why = whyNot(instance);
    whyLeft -= why.length;
    unfinished.push({ stage: stage.name, why: whyLeft < 0 ? why.slice(0, SHORT_CHARACTERS) : why });
  }
  return { finished, unfinished };
}

function whyNot(instance: Instance | undefined): string {
  if (instance === undefined) return "not started";
  switch (instance.status) {
    case "failed":
      return saidOf(instance.error);
    case "skipped":
      return instance.error === undefined ? "skipped" : `skipped: ${saidOf(instance.error)}`;
    case "cancelled":
      return "cancelled";
    case "backoff":
      return `waited to be tried again: ${saidOf(instance.error)}`;
    default:
      return "running";
  }
}

function saidOf(error: WireError | undefined): string {
  return error === undefined
    ? "failed"
    : `${error.code}: ${error.message}`.slice(0, REPORTED_CHARACTERS).toWellFormed();
}

/** `sums/sum` */
export function fullName(compiled: Compiled, index: number): string {
  const { within, stage } = stageAt(compiled, index);
  return [...within, stage.name].join("/");
}
