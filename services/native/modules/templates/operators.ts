// What comparisons mean in conditions: lists and objects by what is in them, order of two numbers or two texts alone.

import { type Context, defaultOperators } from "liquidjs";
import { plainValue, sizeOf } from "./engine-values.ts";
import { isEqual } from "./filters.ts";
import { compareTexts } from "./list-filters.ts";
import { RenderProblem } from "./template-error.ts";
import { textOf } from "./template-text.ts";

type Operator = (left: unknown, right: unknown, context: Context) => boolean | IterableIterator<unknown>;

export function operators(): Record<string, Operator> {
  const { "==": equal, "!=": unequal } = defaultOperators as unknown as Record<string, Operator>;
  const order =
    (sign: string, fits: (difference: number) => boolean): Operator =>
    (left, right) =>
      fits(difference(left, right, sign));
  return {
    // The engine knows what `empty` and `blank` are equal to.
    "==": (left, right, context) =>
      isMark(left) || isMark(right)
        ? (equal as Operator)(left, right, context)
        : charged(left, right, context),
    "!=": (left, right, context) =>
      isMark(left) || isMark(right)
        ? (unequal as Operator)(left, right, context)
        : !charged(left, right, context),
    "<": order("<", (one) => one < 0),
    "<=": order("<=", (one) => one <= 0),
    ">": order(">", (one) => one > 0),
    ">=": order(">=", (one) => one >= 0),
    contains: (left, right, context) => contains(plainValue(left), plainValue(right), context),
  };
}

function isMark(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && "equals" in value && typeof value.equals === "function"
  );
}

function charged(left: unknown, right: unknown, context: Context): boolean {
  context.memoryLimit.use((sizeOf(left) + sizeOf(right)) / 16);
  return isEqual(left ?? null, right ?? null);
}

function contains(left: unknown, right: unknown, context: Context): boolean {
  context.memoryLimit.use(sizeOf(left) / 16);
  const isNothing = (value: unknown): boolean => value === undefined || value === null || value === false;
  if (isNothing(left) || isNothing(right)) return false;
  if (typeof left === "string") return left.includes(textOf(right));
  if (Array.isArray(left)) return left.some((item) => isEqual(item, right));
  throw new RenderProblem(`contains asks a text or a list, got ${JSON.stringify(textOf(left))}`);
}

function difference(given: unknown, other: unknown, sign: string): number {
  const [left, right] = [plainValue(given), plainValue(other)];
  if (typeof left === "string" && typeof right === "string") return compareTexts(left, right);
  const areNumbers = [left, right].every((one) => typeof one === "number" || typeof one === "bigint");
  if (!areNumbers) throw new RenderProblem(`${sign} compares two numbers or two texts`);
  const [a, b] = [left as number | bigint, right as number | bigint];
  return a < b ? -1 : a > b ? 1 : 0;
}
