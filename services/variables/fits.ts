// Whether a value is one that a variable may have. Pure.

import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { MAX_TEXT, type VariableDefinition } from "../../schemas/messages/variable-event.ts";
import { shorten } from "../../schemas/signature/shorten.ts";
import type { Type } from "./expression/operations.ts";

/** Largest value, as JSON. */
export const MAX_VALUE_BYTES = 131_072;
const MAX_DEMOS = 256;
/** Of the distance between two steps: what doubles lose. */
const STEP_TOLERANCE = 1e-9;

type OfKind<Kind extends VariableDefinition["kind"]> = Extract<VariableDefinition, { kind: Kind }>;

/** Throws `invalid_inputs` at `path` where the value does not fit. */
export function checkValue(definition: VariableDefinition, value: unknown, path: string): void {
  const problem = problemOf(definition, value);
  if (problem !== undefined)
    throw new DspexError("invalid_inputs", `variable "${definition.name}": ${problem}`, { path });
}

/** The type that an expression sees. */
export function typeOfVariable(definition: VariableDefinition): Type {
  switch (definition.kind) {
    case "float":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "choice":
      return typeOfChoices(definition.choices);
    case "string":
    case "module":
    case "prompt":
      return "text";
    case "demos":
      return "list";
    default: {
      const unknown: never = definition;
      return unknown;
    }
  }
}

function typeOfChoices(choices: OfKind<"choice">["choices"]): Type {
  const [first, ...others] = new Set(choices.map((choice) => typeof choice));
  if (others.length > 0) return "any";
  return first === "string" ? "text" : (first as "number" | "boolean");
}

function problemOf(definition: VariableDefinition, value: unknown): string | undefined {
  switch (definition.kind) {
    case "float":
    case "integer":
      return problemOfNumber(definition, value);
    case "choice":
    case "module":
      return definition.choices.some((choice) => choice === value)
        ? undefined
        : `${quoted(value)} is none of ${shorten(definition.choices.map((one) => quoted(one)).join(", "))}`;
    case "boolean":
      return typeof value === "boolean" ? undefined : `expected true or false, got ${quoted(value)}`;
    case "string":
      return problemOfText(definition, value);
    case "prompt":
      return problemOfText({}, value);
    case "demos":
      return problemOfDemos(definition, value);
    default: {
      const unknown: never = definition;
      return unknown;
    }
  }
}

function problemOfNumber(
  { kind, min, max, step }: OfKind<"float"> | OfKind<"integer">,
  value: unknown,
): string | undefined {
  const isRight = typeof value === "number" && Number.isFinite(value);
  if (!isRight) return `expected ${kind === "float" ? "a number" : "an integer"}, got ${quoted(value)}`;
  if (kind === "integer" && !Number.isSafeInteger(value)) return `expected an integer, got ${value}`;
  if (value < min) return `${value} is below ${min}, the least that it may be`;
  if (value > max) return `${value} is above ${max}, the most that it may be`;
  if (step === undefined) return undefined;
  const steps = (value - min) / step;
  const isOnStep = Math.abs(steps - Math.round(steps)) <= STEP_TOLERANCE * Math.max(1, Math.abs(steps));
  return isOnStep ? undefined : `${value} is between two steps of ${step} from ${min}`;
}

function problemOfText(
  { minLength = 0, maxLength = MAX_TEXT }: { minLength?: number | undefined; maxLength?: number | undefined },
  value: unknown,
): string | undefined {
  if (typeof value !== "string") return `expected a text, got ${quoted(value)}`;
  if (value.length > maxLength) return `at most ${maxLength} characters, not ${value.length}`;
  if (value.length < minLength) return `at least ${minLength} characters, not ${value.length}`;
  return value.isWellFormed() ? undefined : "a text with a lone surrogate";
}

function problemOfDemos({ maxItems = MAX_DEMOS }: OfKind<"demos">, value: unknown): string | undefined {
  if (!Array.isArray(value)) return `expected a list of {inputs, outputs}, got ${quoted(value)}`;
  if (value.length > maxItems) return `at most ${maxItems} demonstrations, not ${value.length}`;
  for (const [n, demo] of value.entries()) {
    const isRight = isObject(demo) && isObject(demo.inputs) && isObject(demo.outputs);
    if (!isRight || Object.keys(demo).length !== 2)
      return `demonstration ${n} is not {inputs, outputs}: ${quoted(demo)}`;
  }
  const sizeBytes = sizeOf(value);
  if (sizeBytes === undefined) return "a demonstration is no json";
  return sizeBytes <= MAX_VALUE_BYTES ? undefined : `at most ${MAX_VALUE_BYTES} bytes, not ${sizeBytes}`;
}

function sizeOf(value: unknown): number | undefined {
  try {
    return Buffer.byteLength(stringifyJson(value));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As a message shows it. */
export function quoted(value: unknown): string {
  if (value === undefined) return "nothing";
  try {
    return shorten(stringifyJson(value));
  } catch {
    return `a ${typeof value} that is no json`;
  }
}
