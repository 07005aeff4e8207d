// Values of a definition, made ready to be evaluated: JSON with references, expressions and firsts in it. Pure.

import { isPlainObject } from "../../../schemas/envelope/json-value.ts";
import { asDspexError } from "../../../schemas/errors.ts";
import type { PipelineValue, PipelineValues } from "../../../schemas/messages/pipeline-definition.ts";
import { type Expression, parseExpression } from "../../variables/expression/parse.ts";
import { quoted } from "./problems.ts";
import { parseReference, type Reference } from "./reference.ts";

/** Where a reference leads. `up` = frames to go up from the one that evaluates it. */
export type Target =
  | { kind: "input"; field: string; path: readonly string[] }
  | { kind: "stage"; stage: number; up: number; field: string; path: readonly string[] }
  | { kind: "item"; up: number; path: readonly string[] }
  | { kind: "index"; up: number }
  /** `after` = what the iteration itself gave, not the one before it. */
  | { kind: "loop"; up: number; field: string; path: readonly string[]; after?: true }
  | { kind: "iteration"; up: number }
  | { kind: "run-id" };

export interface ReadyExpression {
  kind: "expression";
  expression: Expression;
  names: ReadonlyMap<string, Target>;
}

export type ReadyValue =
  | { kind: "constant"; value: unknown }
  | { kind: "reference"; text: string; target: Target }
  | ReadyExpression
  | { kind: "first"; values: readonly ReadyValue[] }
  | { kind: "list"; items: readonly ReadyValue[] }
  | { kind: "object"; members: readonly (readonly [string, ReadyValue])[] };

export type ReadyValues = readonly (readonly [string, ReadyValue])[];

export interface ReadingContext {
  /** Says what is wrong with a reference and gives nothing, or where it leads. */
  resolve(reference: Reference, at: string): Target | undefined;
  problem(at: string, message: string): void;
}

/** What stands for something that was refused: nobody evaluates it, and its type fits everything. */
const NOTHING: ReadyValue = { kind: "object", members: [] };
const MAX_DEPTH = 32;

export function readValue(value: PipelineValue, at: string, context: ReadingContext, depth = 0): ReadyValue {
  if (depth > MAX_DEPTH) return refuse(context, at, `values nested more than ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) {
    const items = value.map((item, n) => readValue(item, `${at}[${n}]`, context, depth + 1));
    // A constant may have been written as one: `{"$value": …}`.
    return items.every(isConstant)
      ? { kind: "constant", value: items.map((item) => item.value) }
      : { kind: "list", items };
  }
  if (!isPlainObject(value)) return { kind: "constant", value: value ?? null };
  const keys = Object.keys(value);
  const mark = keys.find((key) => key === "$from" || key === "$expr" || key === "$first" || key === "$value");
  if (mark === undefined) {
    const members = keys.map(
      (key) => [key, readValue(value[key], `${at}.${key}`, context, depth + 1)] as const,
    );
    const constants = members.flatMap(([key, member]) => (isConstant(member) ? [[key, member.value]] : []));
    return constants.length === members.length
      ? { kind: "constant", value: Object.fromEntries(constants) }
      : { kind: "object", members };
  }
  if (keys.length > 1)
    return refuse(context, at, `${mark} stands alone, not beside ${keys.length - 1} other members`);
  const inner = value[mark];
  switch (mark) {
    case "$value":
      return { kind: "constant", value: inner ?? null };
    case "$first": {
      if (!Array.isArray(inner) || inner.length === 0)
        return refuse(context, at, "$first takes a list of values");
      return {
        kind: "first",
        values: inner.map((one, n) => readValue(one, `${at}.$first[${n}]`, context, depth + 1)),
      };
    }
    case "$expr":
      return typeof inner === "string"
        ? (readExpression(inner, at, context) ?? NOTHING)
        : refuse(context, at, "$expr takes an expression in text");
    default: {
      const reference = typeof inner === "string" ? parseReference(inner) : undefined;
      if (reference === undefined)
        return refuse(context, at, `${quoted(inner)} is no reference such as stage.field`);
      const target = context.resolve(reference, at);
      return target === undefined ? NOTHING : { kind: "reference", text: reference.text, target };
    }
  }
}

export function readValues(values: PipelineValues, at: string, context: ReadingContext): ReadyValues {
  return Object.entries(values).map(([name, value]) => [name, readValue(value, `${at}.${name}`, context)]);
}

export function readExpression(
  text: string,
  at: string,
  context: ReadingContext,
): ReadyExpression | undefined {
  let expression: Expression;
  try {
    expression = parseExpression(text, { dotted: true });
  } catch (error) {
    context.problem(at, asDspexError(error).message);
    return undefined;
  }
  const names = new Map<string, Target>();
  for (const name of expression.names) {
    const reference = parseReference(name);
    if (reference === undefined) {
      context.problem(at, `${quoted(name)} is no reference such as stage.field`);
      continue;
    }
    const target = context.resolve(reference, at);
    if (target !== undefined) names.set(name, target);
  }
  return { kind: "expression", expression, names };
}

/** Every target in a value. */
export function* targetsIn(value: ReadyValue): Generator<Target> {
  switch (value.kind) {
    case "constant":
      return;
    case "reference":
      yield value.target;
      return;
    case "expression":
      yield* value.names.values();
      return;
    case "first":
      for (const one of value.values) yield* targetsIn(one);
      return;
    case "list":
      for (const one of value.items) yield* targetsIn(one);
      return;
    case "object":
      for (const [, one] of value.members) yield* targetsIn(one);
      return;
    default:
      value satisfies never;
  }
}

function isConstant(value: ReadyValue): value is Extract<ReadyValue, { kind: "constant" }> {
  return value.kind === "constant";
}

function refuse(context: ReadingContext, at: string, message: string): ReadyValue {
  context.problem(at, message);
  return NOTHING;
}
