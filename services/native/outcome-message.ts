// Puts together what a worker tells the log of one attempt: the result, or the failure. Pure; times come in.

import type { WireError } from "../../schemas/errors.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import { roundMs } from "../../schemas/messages/ms.ts";
import type { Attempt, ModelCall, Usage } from "../../schemas/messages/parts.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { type AttemptParts, toldParts } from "../bus/part-watch.ts";
import type { ValidatedAnswer } from "./validated-answer.ts";

export interface AttemptTimes {
  startedAt: string;
  startedAtMs: number;
  durationMs: number;
  nowMs: number;
  /** What was measured of it and of the wait for a slot. */
  parts: AttemptParts;
}

export interface WorkerName {
  pool: string;
  worker: string;
}

export function resultOf(
  work: Work,
  workSequence: number,
  /** Its outputs as they are stored: large ones by reference. */
  { outputs, usage, choice, slot, validation, ...told }: Omit<ValidatedAnswer, "text">,
  times: AttemptTimes,
  { pool, worker }: WorkerName,
): Result {
  const attempt: Attempt = {
    attempt: work.attempt,
    implementation: work.implementation,
    pool,
    worker,
    startedAt: times.startedAt,
    durationMs: roundMs(times.durationMs),
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
      queueMs: roundMs(Math.max(0, times.startedAtMs - requestedAtMs - work.routeMs)),
      routeMs: work.routeMs,
      runMs: roundMs(times.durationMs),
      totalMs: roundMs(Math.max(0, times.nowMs - requestedAtMs)),
      ...toldParts(withRouters(times.parts, work), work.attempts),
      ...(work.encodeMs !== undefined && { encodeMs: work.encodeMs }),
    },
    decision: work.decision,
    ...choice,
    ...(validation !== undefined && { validation }),
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
    durationMs: roundMs(times.durationMs),
    plan: work.plan,
    decision: work.decision,
    requestSequence: work.requestSequence,
    workSequence,
  };
}

/** The router has waited, too, and read the request. */
function withRouters(parts: AttemptParts, { waitMs = 0, decodeMs = 0 }: Work): AttemptParts {
  return { ...parts, waitMs: waitMs + parts.waitMs, decodeMs: decodeMs + parts.decodeMs };
}

/** Names come from the model's server: a long one must not make the result invalid. */
function modelCallOf({
  modelId,
  finishReason,
  timings: { firstTokenMs, totalMs },
}: Pick<ValidatedAnswer, "modelId" | "finishReason" | "timings">): ModelCall {
  return {
    modelId: modelId.slice(0, 256),
    finishReason: finishReason.slice(0, 64),
    ...(firstTokenMs !== undefined && { firstTokenMs: roundMs(firstTokenMs) }),
    totalMs: roundMs(totalMs),
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
