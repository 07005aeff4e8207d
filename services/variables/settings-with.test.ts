import assert from "node:assert/strict";
import { test } from "node:test";
import { type Declared, settingsWith, variablesOf } from "./settings-with.ts";
import type { Values } from "./values.ts";

function given(values: Record<string, unknown>): Values {
  return { sequence: 1, values: new Map(Object.entries(values)), versions: new Map(), overridden: new Set() };
}
const ref = ($variable: string) => ({ $variable });
const declared = (settings: object) => settings as Declared;

const demos = [{ inputs: { question: "q" }, outputs: { answer: "a" } }];
const dspy = declared({
  name: "dspy",
  kind: "dspy",
  pool: "general",
  module: ref("module"),
  model: ref("model"),
  temperature: ref("temperature"),
  maxTokens: 64,
  demos: ref("demos"),
  parameters: { maxIters: ref("iterations"), deep: [{ inside: ref("tone") }], fixed: { $variable: 1 } },
});
const values = { module: "ReAct", model: "small", temperature: 0.5, demos, iterations: 3, tone: "calm" };

test("settings - have the values of the variables that they name", () => {
  assert.deepEqual(settingsWith(dspy, given(values)), {
    name: "dspy",
    kind: "dspy",
    pool: "general",
    module: "ReAct",
    model: "small",
    temperature: 0.5,
    maxTokens: 64,
    demos,
    parameters: { maxIters: 3, deep: [{ inside: "calm" }], fixed: { $variable: 1 } },
  });
  assert.deepEqual(variablesOf(dspy), ["demos", "iterations", "model", "module", "temperature", "tone"]);
});

test("settings - are made once for the same values, and are the implementation itself where it names none", () => {
  const now = given(values);
  assert.equal(settingsWith(dspy, now), settingsWith(dspy, now));
  assert.notEqual(settingsWith(dspy, now), settingsWith(dspy, given(values)));
  const plain = declared({ name: "plain", kind: "plain", prompt: "{{question}}" });
  assert.equal(settingsWith(plain, now), plain);
  assert.deepEqual(variablesOf(plain), []);
});

test("what an implementation is - no variable changes", () => {
  const odd = declared({
    name: "n",
    kind: "native",
    capabilities: { tools: ref("yes") },
    inline: ref("yes"),
  });
  assert.deepEqual(variablesOf(odd), []);
});

test("settings - that name what is none, or get what they cannot be, say so", () => {
  for (const [changed, path, message] of [
    [{ temperature: 3 }, "temperature", /variable "temperature" is no temperature: /],
    [{ temperature: "warm" }, "temperature", /variable "temperature" is no temperature: /],
    [{ module: 5 }, "module", /variable "module" is no module/],
    [{ demos: [{ inputs: {} }] }, "demos[0].outputs", /variable "demos" is no demos\[0\]\.outputs/],
  ] as const)
    assert.throws(() => settingsWith(dspy, given({ ...values, ...changed })), {
      code: "invalid_inputs",
      path,
      message,
    });
  const { tone: _, ...rest } = values;
  assert.throws(() => settingsWith(dspy, given(rest)), {
    code: "invalid_inputs",
    path: "parameters.deep[0].inside",
    message: 'implementation "dspy" refers to variable "tone", which is not registered',
  });
});
