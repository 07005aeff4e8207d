// The keywords of JSON Schema that tell about a value itself: its type, what it is equal to, numbers and texts.

import { canonicalJson } from "../../../../schemas/envelope/json.ts";
import { isPlainObject } from "../../../../schemas/envelope/json-value.ts";
import { codePointCount } from "../text/characters.ts";
import { type Format, hasFormat } from "./format.ts";
import { compilePattern } from "./pattern.ts";
import { misfit, type SchemaObject, sizeOf } from "./schema-object.ts";
import { canonicalOf, report, type SchemaCheck, spend } from "./schema-run.ts";
import { kindOf, quoted } from "./verdict.ts";

type JsonNumber = number | bigint;

const TYPES: Record<string, { name: string; fits: (value: unknown) => boolean }> = {
  null: { name: "null", fits: (value) => value === null },
  boolean: { name: "boolean", fits: (value) => typeof value === "boolean" },
  string: { name: "text", fits: (value) => typeof value === "string" },
  number: { name: "number", fits: isNumber },
  integer: { name: "integer", fits: (value) => typeof value === "bigint" || Number.isInteger(value) },
  array: { name: "list", fits: (value) => Array.isArray(value) },
  object: { name: "object", fits: isPlainObject },
};
/** JSON Schema's name → ours; other formats are notes. */
const FORMAT_NAMES: Record<string, Format> = {
  email: "email",
  uri: "url",
  hostname: "hostname",
  date: "date",
  "date-time": "datetime",
  ipv4: "ipv4",
  ipv6: "ipv6",
  uuid: "uuid",
};
const MAX_NAMED = 10;

export function anyChecks(schema: SchemaObject, where: string): SchemaCheck[] {
  const checks: SchemaCheck[] = [];
  if (schema.type !== undefined) {
    const names = Array.isArray(schema.type) ? schema.type : [schema.type];
    const types = names.map((name) => {
      const type = typeof name === "string" && Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
      if (type === undefined) throw misfit(`type is ${Object.keys(TYPES).join(", ")}`, where);
      return type;
    });
    const expected = types.map(({ name }) => name).join(" or ");
    checks.push(
      (value, path, run) =>
        types.some(({ fits }) => fits(value)) ||
        report(run, path, `expected ${expected}, got ${kindOf(value)}`),
    );
  }
  if (schema.enum !== undefined) {
    if (!Array.isArray(schema.enum)) throw misfit("enum is a list of values", where);
    checks.push(oneOfValues(schema.enum));
  }
  if (schema.const !== undefined) checks.push(oneOfValues([schema.const]));
  return checks;
}

function oneOfValues(values: readonly unknown[]): SchemaCheck {
  const texts = values.map(canonicalJson);
  const known = new Set(texts);
  const shown = texts.slice(0, MAX_NAMED).join(", ") + (texts.length > MAX_NAMED ? ", …" : "");
  const hasContainers = values.some((value) => typeof value === "object" && value !== null);
  return (value, path, run) => {
    const mayFit = hasContainers || typeof value !== "object" || value === null;
    return (mayFit && known.has(canonicalOf(value, run))) || report(run, path, `expected ${shown}`);
  };
}

export function numberChecks(schema: SchemaObject, where: string): SchemaCheck[] {
  const check = (
    keyword: string,
    fits: (value: JsonNumber, bound: JsonNumber) => boolean,
    words: string,
  ): SchemaCheck[] => {
    const bound = schema[keyword];
    if (bound === undefined) return [];
    if (!isNumber(bound)) throw misfit(`${keyword} is a number`, where);
    return [
      (value, path, run) =>
        !isNumber(value) ||
        fits(value, bound) ||
        report(run, path, `expected a number ${words} ${bound}, got ${value}`),
    ];
  };
  return [
    ...check("minimum", (value, bound) => value >= bound, "from"),
    ...check("maximum", (value, bound) => value <= bound, "up to"),
    ...check("exclusiveMinimum", (value, bound) => value > bound, "above"),
    ...check("exclusiveMaximum", (value, bound) => value < bound, "below"),
    ...check("multipleOf", isMultiple, "that is a multiple of"),
  ];
}

/** As near as floats can tell. */
function isMultiple(value: JsonNumber, step: JsonNumber): boolean {
  if (step <= 0) return false;
  if (isInteger(value) && isInteger(step)) return BigInt(value) % BigInt(step) === 0n;
  const quotient = Number(value) / Number(step);
  return Math.abs(quotient - Math.round(quotient)) <= 1e-9 * Math.max(1, Math.abs(quotient));
}

function isInteger(value: JsonNumber): boolean {
  return typeof value === "bigint" || Number.isInteger(value);
}

export function textChecks(schema: SchemaObject, where: string): SchemaCheck[] {
  const checks: SchemaCheck[] = [];
  const min = sizeOf(schema, "minLength", where);
  const max = sizeOf(schema, "maxLength", where);
  if (min !== undefined)
    checks.push(
      (value, path, run) =>
        typeof value !== "string" ||
        codePointCount(value) >= min ||
        report(run, path, `expected at least ${min} characters`),
    );
  if (max !== undefined)
    checks.push(
      (value, path, run) =>
        typeof value !== "string" ||
        codePointCount(value) <= max ||
        report(run, path, `expected at most ${max} characters`),
    );
  const { pattern, format } = schema;
  if (pattern !== undefined) {
    if (typeof pattern !== "string") throw misfit("pattern is a text", where);
    const regex = compilePattern(pattern);
    checks.push((value, path, run) => {
      if (typeof value !== "string") return true;
      spend(run, value.length);
      return regex.test(value) || report(run, path, `expected text with ${quoted(pattern)} in it`);
    });
  }
  const known =
    typeof format === "string" && Object.hasOwn(FORMAT_NAMES, format) ? FORMAT_NAMES[format] : undefined;
  if (known !== undefined)
    checks.push(
      (value, path, run) =>
        typeof value !== "string" ||
        hasFormat(known, value) ||
        report(run, path, `expected the format ${format}`),
    );
  return checks;
}

function isNumber(value: unknown): value is JsonNumber {
  return typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value));
}
