import assert from "node:assert/strict";
import { test } from "node:test";
import type { Implementation } from "../../schemas/messages/program-event.ts";
import { givenBy, settingsWith, variablesOf } from "./settings-with.ts";
import type { Values } from "./values.ts";

function given(values: Record<string, unknown>): Values {
  return { sequence: 1, values: new Map(Object.entries(values)), versions: new Map(), overridden: new Set() };
}

const demos = [{ inputs: { question: "q" }, outputs: { answer: "a" } }];
const dspy: Implementation = {
  name: "dspy",
  kind: "dspy",
  pool: "general",
  module: "Predict",
  temperature: 0.2,
  maxTokens: 64,
  parameters: { maxIters: 5, kept: true },
  variables: {
    module: "module",
    model: "model",
    temperature: "warmth",
    demos: "demos",
    "parameters.maxIters": "steps",
    "parameters.tone": "tone",
  },
};
const values = { module: "ReAct", model: "small", warmth: 0.5, demos, steps: 3, tone: "calm", other: 1 };

test("settings - have the values of the variables that give them", () => {
  assert.deepEqual(settingsWith(dspy, given(values)), {
    ...dspy,
    module: "ReAct",
    model: "small",
    temperature: 0.5,
    demos,
    parameters: { maxIters: 3, kept: true, tone: "calm" },
  });
  assert.deepEqual(variablesOf(dspy), ["module", "model", "warmth", "demos", "steps", "tone"]);
});

test("settings - stay as they are declared where there is no such variable", () => {
  assert.deepEqual(settingsWith(dspy, given({ warmth: 1 })), { ...dspy, temperature: 1 });
  assert.equal(settingsWith(dspy, given({ other: 1 })), dspy);
  const { parameters: _, ...bare } = dspy as Extract<Implementation, { kind: "dspy" }>;
  assert.deepEqual(settingsWith(bare, given({ steps: 2 })), { ...bare, parameters: { maxIters: 2 } });
});

test("settings - are the implementation itself where no variable gives any", () => {
  const plain: Implementation = { name: "plain", kind: "plain", prompt: "{{question}}" };
  assert.equal(settingsWith(plain, given(values)), plain);
  assert.deepEqual(variablesOf(plain), []);
});

test("a user's own function - has its settings, and finds the others under their keys", () => {
  const python: Implementation = {
    name: "mine",
    kind: "python",
    pool: "general",
    entry: "mine",
    variables: { temperature: "warmth", voice: "tone", prompt: "how", none: "nobody" },
  };
  const now = given({ warmth: 0.5, tone: "calm", how: "so" });
  assert.deepEqual(settingsWith(python, now), { ...python, temperature: 0.5 });
  assert.deepEqual(givenBy(python, now), { voice: "calm", prompt: "so" });
  assert.deepEqual(givenBy(dspy, given(values)), {});
});

test("settings - that get what they cannot be say which, of whom, and by which variable", () => {
  for (const [changed, name, message] of [
    [{ warmth: 3 }, "warmth", /variable "warmth" is no temperature of implementation "dspy": 3: /],
    [{ warmth: "hot" }, "warmth", /variable "warmth" is no temperature of implementation "dspy": "hot": /],
    [{ module: 5 }, "module", /variable "module" is no module/],
    [{ demos: [{ inputs: {} }] }, "demos", /variable "demos" is no demos/],
  ] as const)
    assert.throws(() => settingsWith(dspy, given({ ...values, ...changed })), {
      code: "invalid_inputs",
      path: `variables.${name}`,
      message,
    });
});
