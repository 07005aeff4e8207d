import assert from "node:assert/strict";
import { test } from "node:test";
import type { Implementation, ProgramDefinition } from "../../../schemas/messages/program-event.ts";
import { armsOf } from "./arms.ts";
import { thriftShare, timeShare } from "./shares.ts";

function definition(...implementations: Implementation[]): ProgramDefinition {
  return { name: "p", version: "v", signature: { inputs: [], outputs: [] }, implementations };
}

const predict: Implementation = { kind: "dspy", name: "predict", pool: "general", module: "Predict" };

test("an arm - is another one as soon as it is declared otherwise, but not when it moves", () => {
  const [first] = armsOf(definition(predict));
  assert.match(first?.key ?? "", /^predict@[0-9a-f]{12}$/);
  assert.equal(
    armsOf(definition({ kind: "native", name: "n" }, { ...predict, lastResort: true }))[1]?.key,
    first?.key,
  );
  assert.notEqual(armsOf(definition({ ...predict, temperature: 0.7 }))[0]?.key, first?.key);
  assert.notEqual(
    armsOf({ ...definition(predict), signature: { inputs: [1], outputs: [] } })[0]?.key,
    first?.key,
  );
});

test("a family - is what model calls of several programs share", () => {
  const families = armsOf(
    definition(
      predict,
      { ...predict, demos: [] },
      { kind: "structured", name: "s", model: "large" },
      { kind: "plain", name: "t", prompt: "" },
      { kind: "native", name: "n" },
      { kind: "python", name: "y", pool: "general", entry: "e" },
    ),
  ).map(({ family }) => family);
  assert.deepEqual(families, [
    "dspy/Predict/json/zero-shot/default",
    "dspy/Predict/json/few-shot/default",
    "structured/large",
    "plain/default",
    "",
    "",
  ]);
});

test("shares - are halves where they say, and fall from 1", () => {
  assert.equal(timeShare(0, undefined), 1);
  assert.equal(timeShare(1_000, undefined), 0.5);
  assert.equal(timeShare(1_000, 2_000), 0.5);
  assert.equal(thriftShare({ inputTokens: 1, outputTokens: 1, costUsd: 0.001 }), 0.5);
  assert.equal(thriftShare({ inputTokens: 400, outputTokens: 400 }), 0.5);
  assert.equal(thriftShare({ inputTokens: 0, outputTokens: 0 }), 1);
});
