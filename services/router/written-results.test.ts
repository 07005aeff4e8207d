// What a router knows of a result that it has written is what reading it from the log would give.
import assert from "node:assert/strict";
import test from "node:test";
import { parseJson } from "../../schemas/envelope/json.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type { Appender } from "../bus/append.ts";
import { decodeEvent, type EventMessage } from "./event.ts";
import { Journal } from "./journal.ts";
import { WrittenResults } from "./written-results.ts";

const place = { arm: "native@568cb45f4fec", task: "text/low/english", length: 1, load: 0 };
const attempt = { attempt: 1, implementation: "native", pool: "native", worker: "1" };
const ran = { ...attempt, startedAt: "2026-01-01T00:00:00.000Z", durationMs: 0.031 };
const succeeded: Result = {
  id: "local.0f3c5a7e9b1d24680a.7",
  status: "succeeded",
  outputs: { n: 2n ** 64n, text: "ü" },
  program: "echo",
  version: "604c31fece731b00",
  implementation: "native",
  attempts: [ran],
  usage: { inputTokens: 3, outputTokens: 4, costUsd: 0.1 + 0.2 },
  timings: { queueMs: 0.477, routeMs: 0.131, runMs: 0.031, totalMs: 2, decodeMs: 0.05 },
  decision: {
    stateSequence: 17,
    policyVersion: "0",
    features: {
      program: "echo",
      rule: "thompson/1",
      place,
      complexity: 0.063,
      pool: "native",
      deadlineMs: 9,
    },
    candidates: [
      { implementation: "native", score: 0.808_660_713_720_998_3, probability: 1, eligible: true },
    ],
    chosen: "native",
    inFlight: {},
  },
  requestHash: "",
  log: { request: 17, work: [], failures: [] },
};
const error = { code: "deadline_exceeded", message: "not finished within 9 ms", retryable: false } as const;
const { outputs: _outputs, decision: _decision, ...unanswered } = succeeded;

const RESULTS: Record<string, Result> = {
  succeeded,
  "a session's turn": { ...succeeded, session: "s1" },
  late: { ...unanswered, status: "failed", error, attempts: [], decision: succeeded.decision },
  "after a retry": {
    ...succeeded,
    attempts: [
      { ...ran, error },
      { ...ran, attempt: 2 },
    ],
  },
  cancelled: { ...unanswered, status: "cancelled" },
};

for (const [name, result] of Object.entries(RESULTS)) {
  test(`written result - ${name}: known is what is read`, async () => {
    const { written, subject, bytes } = await write(result);
    const event = written.take(subject, Uint8Array.from(bytes));
    const known = decodeEvent(message(subject, bytes, () => event));
    assert.deepEqual(known, decodeEvent(message(subject, bytes, () => parseJson(bytes))));
    assert.ok(known?.kind === "result" && known.ending !== undefined);
    assert.equal(written.take(subject, bytes), undefined);
  });
}

test("written result - another one in the log is not taken for it", async () => {
  const { written, subject, bytes } = await write(succeeded);
  const other = Buffer.from(bytes);
  other[other.length - 3] = 0x20;
  assert.equal(written.take(subject, other), undefined);
});

async function write(result: Result) {
  const written = new WrittenResults();
  let sent: { subject: string; bytes: Uint8Array } | undefined;
  const appender = {
    append: (subject: string, bytes: Uint8Array) => {
      sent = { subject, bytes };
      return Promise.resolve(18);
    },
  } as unknown as Appender;
  await new Journal(appender, "router/1", written).result(result, undefined);
  assert.ok(sent !== undefined);
  return { written, ...sent };
}

function message(subject: string, data: Uint8Array, json: () => unknown): EventMessage {
  return { subject, sequence: 18, timeMs: 1_000, data, header: () => undefined, json };
}
