import assert from "node:assert/strict";
import { test } from "node:test";
import type { Implementation, ProgramDefinition } from "../../../schemas/messages/program-event.ts";
import { parseSignature } from "../../../schemas/signature/mod.ts";
import { breakerKeys, keysOf, markOf } from "./keys.ts";

const implementations: Implementation[] = [
  { name: "lexicon", kind: "native" },
  { name: "structured", kind: "structured", model: "large" },
  { name: "choice", kind: "choice" },
  { name: "predict", kind: "dspy", pool: "general", module: "Predict" },
  { name: "own", kind: "python", pool: "neural", entry: "own" },
];
const definition: ProgramDefinition = {
  name: "answer",
  version: "0000000000000000",
  signature: parseSignature("question: str -> answer: str") as unknown as Record<string, unknown>,
  implementations,
};
/** Without the hash of the arm. */
const keys = implementations.map((one) =>
  breakerKeys(definition, one).map((key) => key.replace(/@[0-9a-f]+$/, "")),
);

test("keys - model, pool and arm of what an implementation depends on", () => {
  assert.deepEqual(keys, [
    ["arm/answer/lexicon"],
    ["model/large", "pool/native", "arm/answer/structured"],
    ["model/default", "pool/native", "arm/answer/choice"],
    ["model/default", "pool/general", "arm/answer/predict"],
    ["pool/neural", "arm/answer/own"],
  ]);
});

test("keys - an implementation that is declared otherwise has another one", () => {
  const before = keysOf(definition, { name: "lexicon", kind: "native" }).own;
  const changed = {
    ...definition,
    implementations: [{ name: "lexicon", kind: "native" as const, timeoutMs: 5 }],
  };
  assert.notEqual(keysOf(changed, { name: "lexicon", kind: "native" }).own, before);
});

test("marks - whose fault it is", () => {
  const marks = (code: Parameters<typeof markOf>[1]) =>
    ["model/m", "pool/p", "arm/p/a"].map((key) => markOf(key, code));
  assert.deepEqual(marks(undefined), ["good", "good", "good"]);
  assert.deepEqual(marks("lm_timeout"), ["bad", "good", undefined]);
  assert.deepEqual(marks("worker_lost"), [undefined, "bad", undefined]);
  assert.deepEqual(marks("internal"), [undefined, "good", "bad"]);
  assert.deepEqual(marks("output_invalid"), ["good", "good", "poor"]);
  assert.deepEqual(marks("deadline_exceeded"), [undefined, undefined, undefined]);
});
