import assert from "node:assert/strict";
import { test } from "node:test";
import { type Models, modelsSchema } from "../../schemas/config/models.ts";
import type { Implementation } from "../../schemas/messages/program-event.ts";
import { NO_MODELS, withCapabilities } from "./capabilities.ts";

const models: Models = modelsSchema.parse({
  default: "local",
  models: {
    local: {
      model: "small",
      capabilities: { responseSchema: true, logprobs: true },
      contextTokens: 2_048,
    },
    large: {
      model: "large",
      capabilities: { tools: true, vision: true },
      price: { inputPerMillionUsd: 3, outputPerMillionUsd: 15 },
    },
  },
});
const LOCAL = {
  structuredOutput: true,
  tools: false,
  vision: false,
  logprobs: true,
  contextTokens: 2_048,
};
const LARGE = {
  structuredOutput: false,
  tools: true,
  vision: true,
  logprobs: false,
  inputPerMillionUsd: 3,
  outputPerMillionUsd: 15,
};
const dspy = { name: "d", kind: "dspy", pool: "general", module: "ReAct" } as const;

const cases: [name: string, implementation: Implementation, expected: object | undefined][] = [
  ["a structured call takes the default model's", { name: "s", kind: "structured" }, LOCAL],
  [
    "a plain call takes those of its own model",
    { name: "p", kind: "plain", prompt: "", model: "large" },
    LARGE,
  ],
  ["a choice takes the default model's", { name: "c", kind: "choice" }, LOCAL],
  ["a DSPy module takes the default model's", dspy, LOCAL],
  [
    "an agent has tools, whatever its model",
    { ...dspy, tools: [{ program: "x" }] },
    { ...LOCAL, tools: true },
  ],
  ["no tools are no tools", { ...dspy, tools: [] }, LOCAL],
  [
    "what is declared counts more",
    {
      ...dspy,
      tools: [{ program: "x" }],
      capabilities: { tools: false, contextTokens: 512, languages: ["en"] },
    },
    { ...LOCAL, tools: false, contextTokens: 512, languages: ["en"] },
  ],
  [
    "what is declared as undefined is not declared",
    { name: "s", kind: "structured", capabilities: { vision: undefined } },
    LOCAL,
  ],
  ["a function gives the same for the same", { name: "n", kind: "native" }, { deterministic: true }],
  [
    "a function may throw dice",
    { name: "n", kind: "native", capabilities: { deterministic: false } },
    { deterministic: false },
  ],
  [
    "Python with a model takes the model's",
    { name: "y", kind: "python", pool: "general", entry: "y", model: "large" },
    LARGE,
  ],
  [
    "of Python without a model nothing is known",
    { name: "y", kind: "python", pool: "general", entry: "y" },
    undefined,
  ],
  [
    "of a model that is not configured nothing is known",
    { name: "s", kind: "structured", model: "huge" },
    undefined,
  ],
  ["a model's name is a name", { name: "s", kind: "structured", model: "constructor" }, undefined],
];
for (const [name, implementation, expected] of cases) {
  test(`capabilities - ${name}`, () => {
    const before = structuredClone(implementation);
    const filled = withCapabilities(implementation, models);
    assert.deepEqual(filled.capabilities, expected);
    const { capabilities: _filled, ...rest } = filled;
    const { capabilities: _declared, ...declared } = implementation;
    assert.deepEqual(rest, declared);
    assert.deepEqual(implementation, before, "what was declared is left alone");
    assert.deepEqual(withCapabilities(filled, models), filled, "filled in once more it is the same");
  });
}

test("capabilities - without models nothing is known of any", () => {
  assert.deepEqual(withCapabilities({ name: "s", kind: "structured" }, NO_MODELS), {
    name: "s",
    kind: "structured",
  });
});
