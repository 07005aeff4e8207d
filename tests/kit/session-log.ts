// Writes what the sessions service reads as the router and the gateway write it: requests that name a session, work,
// failures and results. For tests and benchmarks that need sessions without programs that run.

import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { ATTEMPT_FAILED_TYPE } from "../../schemas/messages/attempt-failed.ts";
import { REQUEST_TYPE } from "../../schemas/messages/request.ts";
import { RESULT_TYPE, type Result } from "../../schemas/messages/result.ts";
import { WORK_TYPE } from "../../schemas/messages/work.ts";
import {
  ATTEMPT_FAILED_SUBJECT,
  requestSubject,
  resultSubject,
  workSubject,
} from "../../schemas/subjects.ts";

export interface WrittenTo {
  subject: string;
  body: string;
  headers?: Record<string, string>;
}

const TIME = "2026-03-02T10:00:00.000Z";

export function requestMessage(
  id: string,
  session: string | undefined,
  inputs: Record<string, unknown>,
  more: { deadlineMs?: number; bare?: boolean } = {},
): WrittenTo {
  const [user = ""] = id.split(".");
  const { deadlineMs, bare = false } = more;
  const subject = requestSubject(user, "answer");
  if (bare) {
    const headers = { [HEADER.id]: id, ...(session !== undefined && { [HEADER.session]: session }) };
    return { subject, body: JSON.stringify(inputs), headers };
  }
  const data = {
    id,
    inputs,
    ...(session !== undefined && { session }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  };
  return { subject, body: JSON.stringify(cloudEvent(REQUEST_TYPE, "test", id, TIME, data)) };
}

/** What of work and failures the sessions service reads. */
export function workMessage(id: string, session: string | undefined, attempt = 1): WrittenTo {
  const [user] = id.split(".");
  const data = { id, attempt, user, session, program: "answer", inputs: {}, settings: {} };
  return {
    subject: workSubject("general"),
    body: JSON.stringify(cloudEvent(WORK_TYPE, "test", id, TIME, data)),
  };
}

export function failedMessage(id: string, attempt = 1): WrittenTo {
  const data = { id, attempt, error: { code: "lm_timeout", message: "too slow", retryable: true } };
  return {
    subject: ATTEMPT_FAILED_SUBJECT,
    body: JSON.stringify(cloudEvent(ATTEMPT_FAILED_TYPE, "test", id, TIME, data)),
  };
}

export interface Answered {
  session?: string | undefined;
  outputs?: Record<string, unknown>;
  status?: Result["status"];
  implementation?: string;
  worker?: string;
  totalMs?: number;
  log: Result["log"];
}

export function resultOf(id: string, answered: Answered): Result {
  const { session, outputs, status = "succeeded", log, totalMs = 100 } = answered;
  const { implementation = "predict", worker = "0" } = answered;
  const error = { code: "lm_timeout", message: "too slow", retryable: true } as const;
  const isSuccess = status === "succeeded";
  const attempt = {
    attempt: 1,
    implementation,
    pool: "general",
    worker,
    startedAt: TIME,
    durationMs: totalMs,
  };
  return {
    id,
    status,
    ...(isSuccess ? { outputs: outputs ?? { answer: "yes" } } : { error }),
    program: "answer",
    version: "v1",
    implementation,
    attempts: [attempt],
    usage: { inputTokens: 10, outputTokens: 5, costUsd: 0.25 },
    timings: { queueMs: 0, routeMs: 0, runMs: totalMs, totalMs },
    ...(session !== undefined && { session }),
    requestHash: "h",
    log,
  };
}

export function resultMessage(id: string, answered: Answered): WrittenTo {
  const body = JSON.stringify(cloudEvent(RESULT_TYPE, "test", id, TIME, resultOf(id, answered)));
  return { subject: resultSubject(id), body };
}
