// `(min_length=1, ge=0, pattern="…")`: which constraint fits which type, and what its value may be.

import type { AstNumber, LiteralValue, Type } from "./ast.ts";
import { type Located, parseLiteral } from "./literal-parser.ts";
import { patternProblem } from "./pattern-subset.ts";
import { expect, fail, failExpecting, type Scanner, take, takeWord } from "./scanner.ts";
import { shorten } from "./shorten.ts";
import { didYouMean } from "./suggest.ts";

type Kind = Type["kind"];
type ConstraintKey =
  | "minLength"
  | "maxLength"
  | "pattern"
  | "ge"
  | "gt"
  | "le"
  | "lt"
  | "multipleOf"
  | "allowInfNan";
export type Constraints = { [key in ConstraintKey]?: LiteralValue };

const LENGTHS: readonly Kind[] = ["str", "bytes", "list", "dict"];
const NUMBERS: readonly Kind[] = ["int", "float"];

interface Constraint {
  word: string;
  key: ConstraintKey;
  kinds: readonly Kind[];
}

/** In canonical order. */
export const CONSTRAINTS: readonly Constraint[] = [
  { word: "min_length", key: "minLength", kinds: LENGTHS },
  { word: "max_length", key: "maxLength", kinds: LENGTHS },
  { word: "pattern", key: "pattern", kinds: ["str"] },
  { word: "ge", key: "ge", kinds: NUMBERS },
  { word: "gt", key: "gt", kinds: NUMBERS },
  { word: "le", key: "le", kinds: NUMBERS },
  { word: "lt", key: "lt", kinds: NUMBERS },
  { word: "multiple_of", key: "multipleOf", kinds: NUMBERS },
  { word: "allow_inf_nan", key: "allowInfNan", kinds: ["float"] },
];

/** Pairs that leave no value; `strict` ones also when they are equal. */
const CONTRADICTIONS: readonly { low: ConstraintKey; high: ConstraintKey; strict: boolean }[] = [
  { low: "minLength", high: "maxLength", strict: false },
  { low: "ge", high: "le", strict: false },
  { low: "gt", high: "le", strict: true },
  { low: "ge", high: "lt", strict: true },
  { low: "gt", high: "lt", strict: true },
];

/** Reads the parenthesis behind a type, if there is one. */
export function parseConstraints(scanner: Scanner, kind: Kind): Constraints {
  const constraints: Constraints = {};
  if (!take(scanner, "(")) return constraints;
  const seen = new Set<ConstraintKey>();
  do parseConstraint(scanner, kind, constraints, seen);
  while (take(scanner, ","));
  if (!take(scanner, ")")) failExpecting(scanner, '"," or ")"');
  return constraints;
}

function parseConstraint(scanner: Scanner, kind: Kind, into: Constraints, seen: Set<ConstraintKey>): void {
  const word = takeWord(scanner);
  const at = scanner.at - word.length;
  if (word === "") failExpecting(scanner, "a constraint");
  const constraint = CONSTRAINTS.find((candidate) => candidate.word === word);
  if (constraint === undefined) {
    const fitting = CONSTRAINTS.filter((candidate) => candidate.kinds.includes(kind));
    const words = (fitting.length > 0 ? fitting : CONSTRAINTS).map((candidate) => candidate.word);
    fail(scanner, `unknown constraint "${shorten(word)}"`, at, word, didYouMean(word, words));
  }
  const { key } = constraint;
  if (!constraint.kinds.includes(kind)) {
    const fitting = CONSTRAINTS.filter((candidate) => candidate.kinds.includes(kind)).map((fit) => fit.word);
    const takes = fitting.length === 0 ? "no constraints" : fitting.join(", ");
    fail(
      scanner,
      `constraint "${word}" does not fit ${kind === "optional" ? "Optional" : kind}, which takes ${takes},`,
      at,
      word,
    );
  }
  if (seen.has(key)) fail(scanner, `duplicate constraint "${word}"`, at, word);
  seen.add(key);
  expect(scanner, "=");
  const value = parseLiteral(scanner);
  const problem = valueProblem(kind, key, value.value);
  if (problem !== undefined) failValue(scanner, word, problem, value);
  if (value.value !== false) into[key] = value.value;
  for (const { low, high, strict } of CONTRADICTIONS) {
    if (key !== low && key !== high) continue;
    const lower = into[low] as AstNumber | undefined;
    const upper = into[high] as AstNumber | undefined;
    if (lower === undefined || upper === undefined) continue;
    // Bigints and numbers compare exactly with one another, but `===` tells them apart.
    if (lower > upper || (strict && lower >= upper)) {
      const message = `no value fits ${wordOf(low)}=${lower} with ${wordOf(high)}=${upper}, see "${word}"`;
      fail(scanner, message, at, word);
    }
  }
}

function failValue(scanner: Scanner, word: string, problem: string, value: Located<LiteralValue>): never {
  return fail(scanner, `${word} ${problem}, got ${shorten(value.word)}`, value.at, value.word);
}

function wordOf(key: ConstraintKey): string {
  return CONSTRAINTS.find((constraint) => constraint.key === key)?.word ?? key;
}

function isNumber(value: LiteralValue): value is AstNumber {
  return typeof value === "number" || typeof value === "bigint";
}

function isIntegral(value: AstNumber): boolean {
  return typeof value === "bigint" || Number.isInteger(value);
}

/** What the constraint wants instead of this value, undefined where it fits. */
function valueProblem(kind: Kind, key: ConstraintKey, value: LiteralValue): string | undefined {
  switch (key) {
    case "minLength":
    case "maxLength":
      return Number.isSafeInteger(value) && (value as number) >= 0
        ? undefined
        : "takes a whole number from 0 on";
    case "pattern": {
      if (typeof value !== "string") return "takes a string";
      const problem = patternProblem(value);
      return problem === undefined ? undefined : `refused: ${problem}`;
    }
    case "ge":
    case "gt":
    case "le":
    case "lt":
    case "multipleOf":
      if (!isNumber(value)) return "takes a number";
      if (kind === "int" && !isIntegral(value)) return "of an int takes an int";
      return key === "multipleOf" && value <= 0 ? "takes a number above 0" : undefined;
    case "allowInfNan":
      return typeof value === "boolean" ? undefined : "takes True or False";
    default:
      return key satisfies never;
  }
}
