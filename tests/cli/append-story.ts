// Writes the story of requests into a test's log, as the parts would: request, work, failure, lost worker, result.

import { randomUUID } from "node:crypto";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { ATTEMPT_FAILED_TYPE } from "../../schemas/messages/attempt-failed.ts";
import { RESULT_TYPE } from "../../schemas/messages/result.ts";
import { WORK_TYPE } from "../../schemas/messages/work.ts";
import { WORKER_EVENTS } from "../../schemas/messages/worker-event.ts";
import {
  ATTEMPT_FAILED_SUBJECT,
  requestSubject,
  resultSubject,
  workerEventSubject,
  workSubject,
} from "../../schemas/subjects.ts";
import { Appender } from "../../services/bus/append.ts";
import { roleInboxPrefix } from "../../services/bus/connect.ts";
import type { TestNats } from "../kit/start-nats.ts";

export interface StoryWriter extends Disposable {
  /** A bare request of user `local`; its id is `local.x.<key>`. Returns its sequence. */
  request(key: string, program?: string): Promise<number>;
  work(key: string, attempt: number, requestSequence: number): Promise<number>;
  failed(key: string, attempt: number, sequences: { request: number; work: number }): Promise<number>;
  workerLost(gaveBack: number[]): Promise<number>;
  result(key: string, log: { request: number; work: number[]; failures: number[] }): Promise<number>;
}

const DECISION = {
  stateSequence: 0,
  policyVersion: "declared-order/1",
  features: {},
  candidates: [
    { implementation: "predict", score: 0.9, probability: 1, eligible: true },
    { implementation: "cot", score: 0.4, probability: 0, eligible: true },
  ],
  chosen: "predict",
  inFlight: {},
};

export async function storyWriter(nats: TestNats): Promise<StoryWriter> {
  const appenders: Appender[] = [];
  const as = async (role: "gateway" | "router" | "supervisor" | "pool-general") => {
    const appender = new Appender(await nats.connectAs(role), `${roleInboxPrefix(role)}.story`);
    appenders.push(appender);
    return (subject: string, type: string, data: object) =>
      appender.append(
        subject,
        stringifyJson(cloudEvent(type, `${role}/1`, randomUUID(), new Date().toISOString(), data)),
      );
  };
  const [gateway, router, supervisor, pool] = await Promise.all([
    as("gateway"),
    as("router"),
    as("supervisor"),
    as("pool-general"),
  ]);
  const id = (key: string) => `local.x.${key}`;
  const attemptOf = (attempt: number) => ({
    attempt,
    implementation: "predict",
    pool: "general",
    worker: "0",
  });
  const startedAt = "2026-01-01T00:00:00.000Z";
  return {
    request: (key, program = "answer") =>
      gateway(requestSubject("local", program), "dspex.request.submitted.v1", {
        id: id(key),
        inputs: { question: `why ${key}?` },
      }),
    work: (key, attempt, requestSequence) =>
      router(workSubject("general"), WORK_TYPE, {
        id: id(key),
        ...attemptOf(attempt),
        user: "local",
        program: "answer",
        requestSequence,
        decision: DECISION,
        plan: [],
      }),
    failed: (key, attempt, { request, work }) =>
      pool(ATTEMPT_FAILED_SUBJECT, ATTEMPT_FAILED_TYPE, {
        id: id(key),
        ...attemptOf(attempt),
        error: { code: "lm_timeout", message: "no answer within 1 s", retryable: true },
        startedAt,
        durationMs: 1_000,
        plan: [{ step: "retry", implementation: "predict", delayMs: 200 }],
        requestSequence: request,
        workSequence: work,
      }),
    workerLost: (gaveBack) =>
      supervisor(workerEventSubject("lost"), WORKER_EVENTS.lost.type, {
        pool: "general",
        worker: "0",
        incarnation: "a-1",
        exitCode: null,
        signal: "SIGKILL",
        gaveBack,
      }),
    result: (key, log) =>
      pool(resultSubject(id(key)), RESULT_TYPE, {
        id: id(key),
        status: "succeeded",
        outputs: { answer: `because ${key}` },
        program: "answer",
        implementation: "predict",
        attempts: [{ ...attemptOf(log.work.length), startedAt, durationMs: 5 }],
        usage: { inputTokens: 10, outputTokens: 3 },
        timings: { queueMs: 1, routeMs: 1, runMs: 5, totalMs: 7 },
        requestHash: "0",
        log,
      }),
    [Symbol.dispose]: () => {
      for (const appender of appenders) appender.close();
    },
  };
}
