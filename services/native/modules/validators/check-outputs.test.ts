// Validators of a program over outputs, by a table that Python has, too (schemas/fixtures/output-validators.json).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isDspexError } from "../../../../schemas/errors.ts";
import { type Validation, type Validator, validationSchema } from "../../../../schemas/messages/validator.ts";
import { definitionOf } from "../../../programs/definition.ts";
import { checkOutputs, isLongerThan, LANGUAGES } from "./mod.ts";

interface Case {
  name: string;
  validators: Validator[];
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
  validation?: Validation;
  error?: object;
}

const FILE = join(import.meta.dirname, "../../../../schemas/fixtures/output-validators.json");
const cases = JSON.parse(readFileSync(FILE, "utf8")) as Case[];

for (const { name, validators, inputs, outputs, validation, error } of cases)
  test(`validators - ${name}`, () => {
    try {
      const found = checkOutputs(validators, inputs, outputs);
      assert.deepEqual(found, validation);
      assert.deepEqual(validationSchema.parse(found), found);
    } catch (thrown) {
      if (!isDspexError(thrown)) throw thrown;
      const { code, message, path, details } = thrown;
      assert.deepEqual({ code, message, path, details }, error);
    }
  });

test("validators - the table has every kind, and each could be registered", () => {
  const kinds = new Set(cases.flatMap(({ validators }) => validators.map(({ kind }) => kind)));
  assert.equal(kinds.size, 13);
  for (const { validators } of cases) {
    const outputs = new Set(validators.map(({ output }) => /^\w+/.exec(output)?.[0]));
    const signature = `documents: Any, text: Any, figures: dict[str, float] -> ${[...outputs].map((one) => `${one}: Any`).join(", ")}`;
    const implementations = [{ name: "native", kind: "native" }];
    assert.deepEqual(
      definitionOf({ name: "p", signature, implementations, validators }).validators,
      validators,
    );
  }
});

test("languages - those that can be told are those of the detector", async () => {
  const { eld } = await import("eld/extrasmall");
  const { Languages } = eld.info() as unknown as { Languages: Record<string, string> };
  assert.deepEqual([...LANGUAGES].sort(), Object.values(Languages).sort());
});

test("isLongerThan - counts texts and values, and stops early", () => {
  assert.equal(isLongerThan({ a: "x".repeat(50), b: ["y".repeat(30)] }, 200), false);
  assert.equal(isLongerThan({ a: "x".repeat(50), b: ["y".repeat(130)] }, 200), true);
  assert.equal(isLongerThan(new Array(1_000_000).fill(1), 200), true);
  let deep: unknown = "x";
  for (let level = 0; level < 50_000; level++) deep = [deep];
  assert.equal(isLongerThan(deep, 4_096), true);
});
