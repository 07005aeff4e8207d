// What expressions can do: each operator and function with the types that it takes and gives. Every one is total: it
// gives a value or throws a typed error, in time bounded by its operands. Pure.

import { DspexError } from "../../../schemas/errors.ts";
import { MAX_TEXT } from "../../../schemas/messages/variable-event.ts";

export type Value = number | string | boolean | readonly unknown[];
/** `any` = known only when there are values. */
export type Type = "number" | "text" | "boolean" | "list" | "any";

interface Operation {
  /** Of its parts, in order; a call may leave out those from `least` on. */
  takes: readonly Type[];
  least?: number;
  /** Of further parts, any number of them. */
  rest?: Type;
  gives: Type;
  compute(...values: never[]): Value;
  /** Called by its name; others are written between their parts. */
  isFunction?: boolean;
}

const ONE: readonly Type[] = ["number"];
const TWO: readonly Type[] = ["number", "number"];

const arithmetic = (compute: (a: number, b: number) => number): Operation => ({
  takes: TWO,
  gives: "number",
  compute: (a: number, b: number) => finite(compute(a, b)),
});
const comparison = (compute: (a: number, b: number) => boolean): Operation => ({
  takes: TWO,
  gives: "boolean",
  compute: (a: number, b: number) => compute(tidy(a), tidy(b)),
});
const ofOne = (compute: (x: number) => number): Operation => ({
  takes: ONE,
  gives: "number",
  compute: (x: number) => finite(compute(x)),
  isFunction: true,
});
const ofText = (compute: (text: string) => Value, gives: Type = "text"): Operation => ({
  takes: ["text"],
  gives,
  compute,
  isFunction: true,
});

export const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  // `check` and `evaluate` look after these: they take several types, or not all of their parts.
  ["if", { takes: ["boolean", "any", "any"], gives: "any", compute: () => false, isFunction: true }],
  ["and", { takes: ["boolean", "boolean"], gives: "boolean", compute: () => false }],
  ["or", { takes: ["boolean", "boolean"], gives: "boolean", compute: () => false }],
  ["not", { takes: ["boolean"], gives: "boolean", compute: (x: boolean) => !x }],
  [
    "==",
    { takes: ["any", "any"], gives: "boolean", compute: (a: Value, b: Value) => tidied(a) === tidied(b) },
  ],
  [
    "!=",
    { takes: ["any", "any"], gives: "boolean", compute: (a: Value, b: Value) => tidied(a) !== tidied(b) },
  ],
  ["<", comparison((a, b) => a < b)],
  ["<=", comparison((a, b) => a <= b)],
  [">", comparison((a, b) => a > b)],
  [">=", comparison((a, b) => a >= b)],
  ["+", { takes: ["any", "any"], gives: "any", compute: plus }],
  ["-", arithmetic((a, b) => a - b)],
  ["*", arithmetic((a, b) => a * b)],
  ["/", arithmetic((a, b) => a / nonZero(b))],
  // The sign of the divisor, as in Python.
  ["%", arithmetic((a, b) => tidy(a) - tidy(nonZero(b) * Math.floor(tidy(finite(a / b)))))],
  ["**", arithmetic((a, b) => a ** b)],
  ["negate", { takes: ONE, gives: "number", compute: (x: number) => -x }],
  ["min", { takes: ONE, rest: "number", gives: "number", compute: least, isFunction: true }],
  ["max", { takes: ONE, rest: "number", gives: "number", compute: most, isFunction: true }],
  [
    "clamp",
    {
      takes: ["number", "number", "number"],
      gives: "number",
      compute: (x: number, low: number, high: number) => Math.min(Math.max(x, low), high),
      isFunction: true,
    },
  ],
  ["abs", ofOne(Math.abs)],
  ["floor", ofOne((x) => Math.floor(tidy(x)))],
  ["ceil", ofOne((x) => Math.ceil(tidy(x)))],
  ["round", { takes: TWO, least: 1, gives: "number", compute: round, isFunction: true }],
  ["sqrt", ofOne(Math.sqrt)],
  ["exp", ofOne(Math.exp)],
  ["ln", ofOne(Math.log)],
  ["log10", ofOne(Math.log10)],
  ["len", { takes: ["any"], gives: "number", compute: length, isFunction: true }],
  ["lower", ofText((text) => bounded(text.toLowerCase()))],
  ["upper", ofText((text) => bounded(text.toUpperCase()))],
  [
    "contains",
    {
      takes: ["text", "text"],
      gives: "boolean",
      compute: (text: string, part: string) => text.includes(part),
      isFunction: true,
    },
  ],
  ["text", { takes: ["any"], gives: "text", compute: asText, isFunction: true }],
]);

function plus(a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") return finite(a + b);
  if (typeof a === "string" && typeof b === "string") return bounded(a + b);
  throw new DspexError("invalid_inputs", `cannot add ${typeOf(a)} and ${typeOf(b)}`);
}

function least(...values: number[]): number {
  return Math.min(...values);
}

function most(...values: number[]): number {
  return Math.max(...values);
}

/** Halves away from zero, as people round. */
function round(x: number, places = 0): number {
  if (!Number.isInteger(places) || Math.abs(places) > 15)
    throw new DspexError("invalid_inputs", `round takes -15 to 15 places, not ${places}`);
  const scale = 10 ** Math.abs(places);
  const size = places < 0 ? Math.abs(x) / scale : Math.abs(x) * scale;
  const whole = Math.floor(tidy(size) + 0.5);
  return tidy(Math.sign(x) * (places < 0 ? whole * scale : whole / scale));
}

function length(value: Value): number {
  if (typeof value === "string" || typeof value === "object") return value.length;
  throw new DspexError("invalid_inputs", `len takes a text or a list, not a ${typeOf(value)}`);
}

function asText(value: Value): string {
  if (typeof value !== "object") return String(tidied(value));
  throw new DspexError("invalid_inputs", "a list has no text");
}

function finite(value: number): number {
  if (Number.isNaN(value)) throw new DspexError("invalid_inputs", "the result is no real number");
  if (!Number.isFinite(value)) throw new DspexError("invalid_inputs", "the result is too large");
  return value;
}

/** Fifteen digits, so that 0.1 + 0.2 is 0.3: who writes decimals means decimals. */
function tidy(value: number): number {
  // Plus zero turns -0, which JSON does not know, into 0.
  return (Number.isSafeInteger(value) ? value : Number(value.toPrecision(15))) + 0;
}

/** A value as it is compared, written and given. */
export function tidied(value: Value): Value {
  return typeof value === "number" ? finite(tidy(value)) : value;
}

function nonZero(value: number): number {
  if (value === 0) throw new DspexError("invalid_inputs", "division by zero");
  return value;
}

function bounded(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  throw new DspexError("invalid_inputs", `a text has at most ${MAX_TEXT} characters, not ${text.length}`);
}

export function typeOf(value: Value): Type {
  switch (typeof value) {
    case "number":
      return "number";
    case "string":
      return "text";
    case "boolean":
      return "boolean";
    default:
      return "list";
  }
}
