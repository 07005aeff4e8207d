// What a worker tells of an attempt, from every valid work of the contract: it fits the contract, and hands on what came.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { DspexError } from "../../schemas/errors.ts";
import { attemptFailedSchema } from "../../schemas/messages/attempt-failed.ts";
import { resultSchema } from "../../schemas/messages/result.ts";
import { type Work, workSchema } from "../../schemas/messages/work.ts";
import type { ModelAnswer } from "./adapters/mod.ts";
import { failureOf, resultOf } from "./outcome-message.ts";

interface Example {
  name: string;
  message: Work;
  valid: boolean;
}

const examples: Example[] = JSON.parse(
  readFileSync(new URL("../../schemas/fixtures/messages/work.json", import.meta.url), "utf8"),
);
const works = examples.filter(({ valid }) => valid);
const name = { pool: "native", worker: "2" };
const startedAtMs = Date.parse("2026-11-24T05:36:01Z");
const times = {
  startedAt: "2026-11-24T05:36:01.000Z",
  startedAtMs,
  durationMs: 12.34567,
  nowMs: startedAtMs + 13,
  parts: { waitMs: 2, decodeMs: 0.02, modelMs: 9.0004, codeMs: 3.3, validateMs: 0.0211 },
};

const answer: Omit<ModelAnswer, "text"> = {
  outputs: { label: "good" },
  usage: { inputTokens: 11, outputTokens: 1, costUsd: 0.5 },
  finishReason: "length",
  modelId: "m".repeat(300),
  timings: { firstTokenMs: 3.00049, totalMs: 12.3456, modelMs: 9.0004, validateMs: 0.0211 },
  choice: { labelScores: { good: -0.1, bad: -2.3 }, confidence: 0.9 },
};

for (const { name: example, message } of works) {
  const work = { ...workSchema.parse(message), decision: message.decision };

  it(`result - of ${example}`, () => {
    const result = resultSchema.parse(resultOf(work, 99, answer, times, name));
    assert.deepEqual(result.attempts.at(-1)?.modelCall, {
      modelId: "m".repeat(256),
      finishReason: "length",
      firstTokenMs: 3,
      totalMs: 12.346,
    });
    assert.deepEqual([result.confidence, result.labelScores], [0.9, { good: -0.1, bad: -2.3 }]);
    assert.deepEqual(result.decision, workSchema.parse(message).decision);
    assert.deepEqual(result.log.work, [...message.log.work, 99]);
    assert.equal(result.attempts.at(-1)?.usage?.costUsd, 0.5);
    const { queueMs: _queue, routeMs: _route, runMs: _run, totalMs: _total, ...parts } = result.timings;
    const { waitMs = 0, decodeMs = 0, encodeMs, attempts } = work;
    assert.deepEqual(parts, {
      waitMs: waitMs + 2,
      ...(attempts.length > 0 && { failedMs: attempts.reduce((sum, one) => sum + one.durationMs, 0) }),
      decodeMs: decodeMs + 0.02,
      validateMs: 0.021,
      modelMs: 9,
      codeMs: 3.3,
      ...(encodeMs !== undefined && { encodeMs }),
    });
  });

  it(`failure - of ${example} carries its decision as it came`, () => {
    const error = new DspexError("lm_timeout", "late").toWire();
    const failed = failureOf(work, 99, error, undefined, times, name);
    attemptFailedSchema.parse(failed);
    assert.equal(JSON.stringify(failed.decision), JSON.stringify(message.decision));
    assert.deepEqual(failed.plan, message.plan);
  });
}

it("result - of an answer that was written has neither confidence nor label scores", () => {
  const work = works[0]?.message as Work;
  const { choice: _choice, ...written } = answer;
  const result = resultOf(
    work,
    99,
    { ...written, timings: { totalMs: 5, modelMs: 4, validateMs: 0 } },
    times,
    name,
  );
  assert.ok(!("confidence" in result) && !("labelScores" in result));
  assert.deepEqual(Object.keys(result.attempts.at(-1)?.modelCall ?? {}), [
    "modelId",
    "finishReason",
    "totalMs",
  ]);
});
