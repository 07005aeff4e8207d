// Puts together what a worker tells the log of one attempt: the result, or the failure. Pure; times come in.

import type { WireError } from "../../schemas/errors.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { Attempt, ModelCall, Usage } from "../../schemas/messages/parts.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { Work } from "../../schemas/messages/work.ts";
import type { ModelAnswer } from "./adapters/mod.ts";

export interface AttemptTimes {
  startedAt: string;
  startedAtMs: number;
  durationMs: number;
  nowMs: number;
}

export interface WorkerName {
  pool: string;
  worker: string;
}

export function resultOf(
  work: Work,
  workSequence: number,
  /** Its outputs as they are stored: large ones by reference. */
  { outputs, usage, choice, slot, ...told }: Omit<ModelAnswer, "text">,
  times: AttemptTimes,
  { pool, worker }: WorkerName,
): Result {
  const attempt: Attempt = {
    attempt: work.attempt,
    implementation: work.implementation,
    pool,
    worker,
    startedAt: times.startedAt,
    durationMs: round(times.durationMs),
    usage,
    modelCall: modelCallOf(told),
    ...(slot !== undefined && { slot }),
  };
  const attempts = [...work.attempts, attempt];
  const requestedAtMs = Date.parse(work.requestedAt);
  return {
    id: work.id,
    status: "succeeded",
    outputs,
    program: work.program,
    version: work.version,
    implementation: work.implementation,
    attempts,
    ...(work.fallbackReason !== undefined && { fallbackReason: work.fallbackReason }),
    usage: totalUsage(attempts),
    timings: {
      queueMs: round(Math.max(0, times.startedAtMs - requestedAtMs - work.routeMs)),
      routeMs: work.routeMs,
      runMs: round(times.durationMs),
      totalMs: round(Math.max(0, times.nowMs - requestedAtMs)),
    },
    decision: work.decision,
    ...choice,
    ...(work.session !== undefined && { session: work.session }),
    requestHash: work.requestHash,
    log: {
      request: work.requestSequence,
      work: [...work.log.work, workSequence],
      failures: work.log.failures,
    },
  };
}

export function failureOf(
  work: Work,
  workSequence: number,
  error: WireError,
  usage: Usage | undefined,
  times: AttemptTimes,
  { pool, worker }: WorkerName,
): AttemptFailed {
  return {
    id: work.id,
    attempt: work.attempt,
    implementation: work.implementation,
    pool,
    worker,
    error,
    ...(usage !== undefined && { usage }),
    startedAt: times.startedAt,
    durationMs: round(times.durationMs),
    plan: work.plan,
    decision: work.decision,
    requestSequence: work.requestSequence,
    workSequence,
  };
}

/** Names come from the model's server: a long one must not make the result invalid. */
function modelCallOf({
  modelId,
  finishReason,
  timings: { firstTokenMs, totalMs },
}: Pick<ModelAnswer, "modelId" | "finishReason" | "timings">): ModelCall {
  return {
    modelId: modelId.slice(0, 256),
    finishReason: finishReason.slice(0, 64),
    ...(firstTokenMs !== undefined && { firstTokenMs: round(firstTokenMs) }),
    totalMs: round(totalMs),
  };
}

export function totalUsage(attempts: readonly Attempt[]): Usage {
  const usage: Usage = { inputTokens: 0, outputTokens: 0 };
  for (const attempt of attempts) {
    if (attempt.usage === undefined) continue;
    usage.inputTokens += attempt.usage.inputTokens;
    usage.outputTokens += attempt.usage.outputTokens;
    if (attempt.usage.costUsd !== undefined) usage.costUsd = (usage.costUsd ?? 0) + attempt.usage.costUsd;
  }
  return usage;
}

/** Microseconds are plenty. */
function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
