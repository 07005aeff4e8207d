// Whether a value fits a JSON Schema (2020-12, the keywords in schema-compile.ts), a zod schema, or a signature's side.
// JSON Schemas may come from a request, so neither they nor the value may hold the process: patterns run on RE2, and the
// steps are counted. zod's own reader of JSON Schema does neither.

import type { z } from "zod";
import { isJsonValue } from "../../../../schemas/envelope/json-value.ts";
import { type Signature, validateInputs, validateOutputs } from "../../../../schemas/signature/mod.ts";
import { compileSchema } from "./schema-compile.ts";
import { type SchemaCheck, TooManySteps } from "./schema-run.ts";
import { invalid, memberPath, type Problem, type Verdict, verdictOf } from "./verdict.ts";

export type JsonSchema = boolean | Readonly<Record<string, unknown>>;

export interface SchemaOptions {
  readonly schema: JsonSchema;
}

/** Subschemas that are asked of values, each time. */
const MAX_STEPS = 200_000;
/** By the object that was given, which is not expected to change. */
const compiled = new WeakMap<object, SchemaCheck>();

/** @throws DspexError `invalid_inputs` where the schema itself is not understood. */
export function checkSchema(value: unknown, { schema }: SchemaOptions): Verdict {
  const check = compiledOnce(schema);
  if (!isJsonValue(value)) return invalid("$", "expected a JSON value");
  const problems: Problem[] = [];
  try {
    check(value, "$", { problems, stepsLeft: MAX_STEPS, depth: 0 });
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    problems.push({ path: "$", message: `checking takes more than ${MAX_STEPS} steps` });
  }
  return verdictOf(problems);
}

function compiledOnce(schema: JsonSchema): SchemaCheck {
  if (typeof schema === "boolean") return compileSchema(schema);
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const check = compileSchema(schema);
  compiled.set(schema, check);
  return check;
}

export function checkZod(value: unknown, schema: z.ZodType): Verdict {
  const parsed = schema.safeParse(value);
  if (parsed.success) return verdictOf([]);
  return verdictOf(
    parsed.error.issues.map(({ path, message }) => ({ path: path.reduce(deeper, "$"), message })),
  );
}

/** Values as they travel, on one side of a signature. */
export function checkSignature(value: unknown, signature: Signature, side: "inputs" | "outputs"): Verdict {
  const checked = side === "inputs" ? validateInputs(signature, value) : validateOutputs(signature, value);
  if (checked.ok) return verdictOf([]);
  return verdictOf(
    checked.problems.map(({ path, expected, got }) => ({
      path: path.replace(/^(inputs|outputs)/, "$"),
      message: `expected ${expected}, got ${got}`,
    })),
  );
}

function deeper(path: string, key: PropertyKey): string {
  return typeof key === "number" ? `${path}[${key}]` : memberPath(path, String(key));
}
