// Zod's checks as constraints: lengths, bounds, patterns.

import type { AstNumber, FloatType, IntType, Type } from "./ast.ts";
import { normalNumber } from "./literal-parser.ts";
import { patternProblem } from "./pattern-subset.ts";
import {
  type CheckDefinition,
  checksOf,
  refuseCheck,
  refuseZod,
  type ZodDefinition,
} from "./zod-definition.ts";

interface Lengths {
  minLength?: number;
  maxLength?: number;
}

export function zodLengths(def: ZodDefinition, path: string): Lengths {
  const lengths: Lengths = {};
  for (const check of checksOf(def)) if (!addLength(lengths, check)) refuseCheck(path, check);
  return lengths;
}

function addLength(into: Lengths, check: CheckDefinition): boolean {
  const { check: name, minimum, maximum, length } = check;
  if (name === "min_length") into.minLength = Math.max(into.minLength ?? 0, minimum as number);
  else if (name === "max_length")
    into.maxLength = Math.min(into.maxLength ?? Number.POSITIVE_INFINITY, maximum as number);
  else if (name === "length_equals") Object.assign(into, { minLength: length, maxLength: length });
  else return false;
  return true;
}

export function zodString(def: ZodDefinition, path: string): Type {
  const checks = checksOf(def);
  const temporal = checks.find(
    ({ format }) => format === "date" || format === "time" || format === "datetime",
  );
  if (temporal !== undefined) {
    const other = checks.find((check) => check !== temporal);
    if (other !== undefined) refuseCheck(path, other);
    if (temporal.format === "datetime") refuseZod(path, "a datetime is written z.date() in a signature");
    return { kind: temporal.format as "date" | "time" };
  }
  const lengths: Lengths = {};
  let pattern: string | undefined;
  for (const check of checks) {
    if (addLength(lengths, check)) continue;
    if (check.check !== "string_format" || !(check.pattern instanceof RegExp)) refuseCheck(path, check);
    if (pattern !== undefined) refuseZod(path, "a signature has one pattern at most");
    pattern = zodPattern(check.pattern as RegExp, path);
  }
  return { kind: "str", ...lengths, ...(pattern !== undefined && { pattern }) };
}

function zodPattern({ source, flags }: RegExp, path: string): string {
  const flag = flags.replace(/[dguvy]/g, "");
  if (flag !== "") refuseZod(path, `a pattern with the flag "${flag}"`);
  const problem = patternProblem(source);
  return problem === undefined ? source : refuseZod(path, `${problem} (${source.slice(0, 80)})`);
}

const INTEGERS: Readonly<Record<string, { ge?: AstNumber; le?: AstNumber }>> = {
  safeint: {},
  int32: { ge: -2_147_483_648, le: 2_147_483_647 },
  uint32: { ge: 0, le: 4_294_967_295 },
  int64: { ge: -(2n ** 63n), le: 2n ** 63n - 1n },
  uint64: { ge: 0, le: 2n ** 64n - 1n },
};

export function zodBounds(def: ZodDefinition, path: string): Type {
  const type: IntType | FloatType = { kind: def.type === "bigint" ? "int" : "float" };
  for (const check of checksOf(def)) {
    const { check: name, value, inclusive, format } = check;
    if (name === "greater_than") tighten(type, inclusive === true ? "ge" : "gt", value as AstNumber);
    else if (name === "less_than") tighten(type, inclusive === true ? "le" : "lt", value as AstNumber);
    else if (name === "multiple_of" && type.multipleOf === undefined)
      type.multipleOf = normalNumber(value as AstNumber);
    else if (name === "number_format" || name === "bigint_format")
      addFormat(type, format as string, check, path);
    else refuseCheck(path, check);
  }
  return type;
}

function addFormat(type: IntType | FloatType, format: string, check: CheckDefinition, path: string): void {
  if (format === "float64") return;
  const range = INTEGERS[format];
  if (range === undefined) refuseCheck(path, check);
  type.kind = "int";
  if (range.ge !== undefined) tighten(type, "ge", range.ge);
  if (range.le !== undefined) tighten(type, "le", range.le);
}

/** Of two bounds of one kind the narrower counts. */
function tighten(type: IntType | FloatType, key: "ge" | "gt" | "le" | "lt", value: AstNumber): void {
  const before = type[key];
  const isNarrower = before === undefined || (key === "ge" || key === "gt" ? value > before : value < before);
  if (isNarrower) type[key] = normalNumber(value);
}
