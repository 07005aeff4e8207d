// Checks that are told as data, run: one of the validators, a part of the value, or several checks together.

import { isPlainObject } from "../../../../schemas/envelope/json-value.ts";
import { DspexError } from "../../../../schemas/errors.ts";
import { checkArithmetic } from "./arithmetic.ts";
import { CHECK_LIMITS, type Check, checkSchema as checkOfData } from "./check.ts";
import { checkCitations } from "./citations.ts";
import { checkFormat } from "./format.ts";
import { checkJson } from "./json.ts";
import { checkLanguage } from "./language.ts";
import { checkLength } from "./length.ts";
import { checkPattern } from "./pattern.ts";
import { checkPii } from "./pii.ts";
import { checkQuotes } from "./quotes.ts";
import { checkSchema } from "./schema.ts";
import { checkTable } from "./table-values.ts";
import { checkTotals } from "./totals.ts";
import { type Problem, type Verdict, verdictOf } from "./verdict.ts";

/** Never throws over the value. @throws DspexError `invalid_inputs` over a pattern or a schema that is none. */
export function validate(value: unknown, check: Check): Verdict {
  switch (check.check) {
    case "json":
      return checkJson(value, check);
    case "schema":
      return checkSchema(value, check);
    case "length":
      return checkLength(value, check);
    case "pattern":
      return checkPattern(value, check);
    case "language":
      return checkLanguage(value, check);
    case "format":
      return checkFormat(value, check);
    case "pii":
      return checkPii(value, check);
    case "quotes":
      return checkQuotes(value, check);
    case "citations":
      return checkCitations(value, check);
    case "arithmetic":
      return checkArithmetic(value);
    case "totals":
      return checkTotals(value);
    case "table":
      return checkTable(value, check);
    case "at":
      return validateAt(value, check.path, check.of);
    case "all":
      return all(check.of.map((one) => validate(value, one)));
    case "any":
      return any(check.of.map((one) => validate(value, one)));
    default:
      return check satisfies never;
  }
}

/** Valid where all are; the mean of the scores; all problems. */
export function all(verdicts: readonly Verdict[]): Verdict {
  return verdictOf(
    verdicts.flatMap(({ problems }) => problems),
    mean(verdicts.flatMap(({ score }) => (score === undefined ? [] : [score]))),
  );
}

/** Valid where one is: its verdict. Else the problems of all, and the best score. */
export function any(verdicts: readonly Verdict[]): Verdict {
  const first = verdicts.find(({ valid }) => valid);
  if (first !== undefined) return first;
  const scores = verdicts.flatMap(({ score }) => (score === undefined ? [] : [score]));
  return verdictOf(
    verdicts.flatMap(({ problems }) => problems),
    scores.length === 0 ? undefined : Math.max(...scores),
  );
}

/** A check from elsewhere. @throws DspexError `invalid_inputs` that says what does not fit. */
export function readCheck(data: unknown): Check {
  if (isTooDeep(data, CHECK_LIMITS.depth))
    throw new DspexError("invalid_inputs", `checks nest more than ${CHECK_LIMITS.depth} deep`, {
      path: "check",
    });
  const parsed = checkOfData.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = ["check", ...(issue?.path ?? [])].join(".");
  throw new DspexError("invalid_inputs", `check: ${issue?.message} at ${path}`, { path });
}

function isTooDeep(data: unknown, depth: number): boolean {
  if (!isPlainObject(data) || data.of === undefined) return false;
  if (depth === 0) return true;
  return (Array.isArray(data.of) ? data.of : [data.of]).some((one) => isTooDeep(one, depth - 1));
}

function validateAt(value: unknown, path: string, check: Check): Verdict {
  let part = value;
  for (const [, name, index] of path.matchAll(/([A-Za-z_]\w*)|\[(\d+)\]/g)) {
    const key = name ?? index ?? "";
    const isThere = typeof part === "object" && part !== null && Object.hasOwn(part, key);
    if (!isThere) return verdictOf([{ path: `$.${path}`, message: "is missing" }]);
    part = (part as Record<string, unknown>)[key];
  }
  const { problems, ...verdict } = validate(part, check);
  return { ...verdict, problems: problems.map((problem) => placed(problem, path)) };
}

function placed(problem: Problem, path: string): Problem {
  return { ...problem, path: `$.${path}${problem.path.slice(1)}` };
}

function mean(numbers: readonly number[]): number | undefined {
  return numbers.length === 0 ? undefined : numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}
