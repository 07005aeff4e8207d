import assert from "node:assert/strict";
import { test } from "node:test";
import { defineConfig } from "../programs/define.ts";
import { variable } from "./define.ts";

test("variables - are declared kind by kind", () => {
  assert.deepEqual(variable.float("temperature", { min: 0, max: 2, step: 0.1, default: 0.7 }), {
    name: "temperature",
    kind: "float",
    min: 0,
    max: 2,
    step: 0.1,
    default: 0.7,
  });
  assert.deepEqual(
    variable.integer("budget", { min: 0, max: 10, expression: "turns * 2" }).expression,
    "turns * 2",
  );
});

test("variables - that do not fit say so where they are declared", () => {
  assert.throws(() => variable.float("warmth", { min: 2, max: 0, default: 1 }), {
    code: "invalid_inputs",
    path: "warmth.min",
  });
  assert.throws(() => variable.choice("tone", { choices: ["calm"], default: "loud" }), {
    path: "tone.default",
  });
});

test("defineConfig - has the variables of an application, each once", () => {
  const tone = variable.choice("tone", { choices: ["calm", "loud"], default: "calm" });
  assert.deepEqual(defineConfig({ programs: [], variables: [tone] }).variables, [tone]);
  assert.deepEqual(defineConfig({ programs: [] }).variables, []);
  assert.throws(() => defineConfig({ programs: [], variables: [tone, tone] }), {
    message: 'variable "tone" is defined twice',
  });
});
