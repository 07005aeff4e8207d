// Messages of the log as the request path makes them, without a log: for benchmarks of what happens to them in memory.

import { createHash, randomUUID } from "node:crypto";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { connectionRequestId } from "../../schemas/envelope/ids.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { REQUEST_TYPE } from "../../schemas/messages/request.ts";
import { RESULT_TYPE, type Result } from "../../schemas/messages/result.ts";
import { requestSubject, resultSubject } from "../../schemas/subjects.ts";
import { definitionOf } from "../../services/programs/definition.ts";
import type { EventMessage } from "../../services/router/event.ts";
import config from "../dspex/echo.config.ts";

export const USER = "local";
/** What a client makes up for itself: 18 hex digits. */
const CONNECTION = "0f3c5a7e9b1d24680a";
const STARTED_AT_MS = Date.now();

export const functions = config.functions;

let definition: ProgramDefinition | undefined;

export function echoDefinition(): ProgramDefinition {
  const [echo] = config.declarations;
  if (echo === undefined) throw new Error("the benchmark's application has no program");
  definition ??= definitionOf(echo);
  return definition;
}

export function requestBody(n: number, text: string): string {
  const id = connectionRequestId(USER, CONNECTION, n);
  const time = new Date(STARTED_AT_MS + n).toISOString();
  return stringifyJson(cloudEvent(REQUEST_TYPE, `client/${CONNECTION}`, id, time, { id, inputs: { text } }));
}

/** The result of the n-th request as a router writes it. */
export function resultBody(n: number, text: string): string {
  const id = connectionRequestId(USER, CONNECTION, n);
  const time = new Date(STARTED_AT_MS + n).toISOString();
  const { version } = echoDefinition();
  const result: Result = {
    id,
    status: "succeeded",
    outputs: { echo: text },
    program: "echo",
    version,
    implementation: "native",
    attempts: [
      {
        attempt: 1,
        implementation: "native",
        pool: "native",
        worker: "1",
        startedAt: time,
        durationMs: 0.031,
      },
    ],
    usage: { inputTokens: 0, outputTokens: 0 },
    timings: {
      queueMs: 0.477,
      routeMs: 0.131,
      runMs: 0.031,
      totalMs: 2,
      decodeMs: 0.057,
      validateMs: 0.003,
      codeMs: 0.016,
      encodeMs: 0.022,
    },
    decision: {
      stateSequence: 2 * n,
      policyVersion: "0",
      features: {
        program: "echo",
        rule: "thompson/1",
        place: { arm: "native@568cb45f4fec", task: "text/low/english", length: 1, load: 0 },
        complexity: 0.063,
        pool: "native",
      },
      candidates: [
        { implementation: "native", score: 0.808_660_713_720_998_3, probability: 1, eligible: true },
      ],
      chosen: "native",
      inFlight: {},
    },
    requestHash: createHash("sha256").update(id).digest("hex"),
    log: { request: 2 * n, work: [], failures: [] },
  };
  return stringifyJson(cloudEvent(RESULT_TYPE, "router/1", randomUUID(), time, result));
}

export function requestId(n: number): string {
  return connectionRequestId(USER, CONNECTION, n);
}

/** The n-th request, at this sequence. */
export function requestMessage(n: number, sequence: number, text: string): EventMessage {
  return message(requestSubject(USER, "echo"), sequence, Buffer.from(requestBody(n, text)));
}

/** A result of the n-th request; its body is what the router wrote. */
export function resultMessage(n: number, sequence: number, body: Uint8Array): EventMessage {
  return message(resultSubject(connectionRequestId(USER, CONNECTION, n)), sequence, body);
}

function message(subject: string, sequence: number, data: Uint8Array): EventMessage {
  return {
    subject,
    sequence,
    timeMs: STARTED_AT_MS + sequence,
    data,
    header: () => undefined,
    json: () => JSON.parse(Buffer.from(data).toString()),
  };
}
