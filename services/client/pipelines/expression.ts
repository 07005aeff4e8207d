// Conditions and small sums in a pipeline, computed by the service when their references have values. They are texts of
// the expression language of variables; these functions write them with types.
//
//   expr<number>`len(${found.passages}) * 2`      not(check.supported)      all(not(a.ok), less(b.score, 0.5))

import { DspexError } from "../../../schemas/errors.ts";
import { type Located, locatedReference, type Source } from "./reference.ts";

const EXPRESSION = Symbol("expression");
const OPERAND = /^(?:[\w.]+|"(?:[^"\\]|\\.)*")$/;
/** What the language reads as one name. */
const NAME = /^[A-Za-z_]\w*(?:\.\w+)*$/;

interface Written {
  readonly text: string;
  readonly uses: readonly Located[];
}

/** A value that is computed from others. */
export type Computed<T> = Source<T>;
export type Condition = Source<boolean>;
type Operand<T> = Source<T> | T;

/**
 * An expression: what is put into it is a reference, another expression, or a text, number or boolean as it is. Its
 * type is what the author says; the service holds it against the types of what it names.
 */
export function expr<T = boolean>(
  texts: TemplateStringsArray,
  ...parts: readonly (Source<unknown> | string | number | boolean)[]
): Computed<T> {
  const written = parts.map(operand);
  const enclosedTexts = written.map(enclosed);
  const text = texts.reduce((all, piece, n) => all + (enclosedTexts[n - 1] ?? "") + piece, "");
  return expression(text.trim(), written);
}

export function not(condition: Operand<boolean>): Condition {
  return operation([condition], ([one]) => `not ${one}`);
}
/** Whether all of them hold; the first that does not ends the look. */
export function all(...conditions: readonly Operand<boolean>[]): Condition {
  return operation(conditions, (texts) => texts.join(" and "));
}
/** Whether one of them holds; the first that does ends the look. */
export function any(...conditions: readonly Operand<boolean>[]): Condition {
  return operation(conditions, (texts) => texts.join(" or "));
}
export function equals<T extends string | number | boolean>(
  left: Source<T>,
  right: Source<NoInfer<T>> | NoInfer<T>,
): Condition {
  return operation([left, right], ([a, b]) => `${a} == ${b}`);
}
export function less(left: Operand<number>, right: Operand<number>): Condition {
  return operation([left, right], ([a, b]) => `${a} < ${b}`);
}
export function atLeast(left: Operand<number>, right: Operand<number>): Condition {
  return operation([left, right], ([a, b]) => `${a} >= ${b}`);
}
/** Of a text (characters) or a list (items). */
export function length(of: Source<string | readonly unknown[]>): Computed<number> {
  return operation([of], ([one]) => `len(${one})`);
}

/** What an expression says and which references are in it; undefined = it is none. */
export function expressionOf(value: unknown): Written | undefined {
  if (typeof value !== "object" || value === null || !(EXPRESSION in value)) return undefined;
  return (value as { [EXPRESSION]: Written })[EXPRESSION];
}

/** A condition as it is stored: a reference to a boolean is an expression, too. */
export function conditionOf(condition: Condition): Written {
  return operand(condition);
}

function operation<T>(operands: readonly unknown[], write: (texts: string[]) => string): Computed<T> {
  if (operands.length === 0) throw new DspexError("invalid_inputs", "a condition of nothing");
  const written = operands.map(operand);
  return expression(write(written.map(enclosed)), written);
}

function expression<T>(text: string, parts: readonly Written[]): Computed<T> {
  const written: Written = { text, uses: parts.flatMap(({ uses }) => uses) };
  return { [EXPRESSION]: written } as unknown as Computed<T>;
}

function operand(value: unknown): Written {
  const referred = locatedReference(value);
  if (referred !== undefined) return { text: dotted(referred), uses: [referred] };
  const computed = expressionOf(value);
  if (computed !== undefined) return computed;
  if (typeof value === "string") return { text: `"${value.replaceAll(/["\\]/g, "\\$&")}"`, uses: [] };
  if (typeof value === "number" || typeof value === "boolean") return { text: String(value), uses: [] };
  throw new DspexError(
    "invalid_inputs",
    `an expression takes references, texts, numbers and booleans, not ${String(value)}`,
  );
}

/** So that it stays together wherever it is put. */
function enclosed({ text }: Written): string {
  return OPERAND.test(text) ? text : `(${text})`;
}

function dotted({ path }: Located): string {
  if (NAME.test(path)) return path;
  throw new DspexError(
    "invalid_inputs",
    `"${path}" cannot stand in an expression: names there have letters, digits and _ alone`,
    { path },
  );
}
