// One check of a value against a compiled schema, and how it is kept from taking forever.

import { canonicalJsonChecked } from "../../../../schemas/envelope/json.ts";
import { MAX_PROBLEMS, type Problem } from "./verdict.ts";

export interface SchemaRun {
  /** Absent where only the answer counts, as within `anyOf`. */
  problems: Problem[] | undefined;
  stepsLeft: number;
  /** Subschemas within one another. */
  depth: number;
}

/** Tells whether the value fits; where it does not, why. */
export type SchemaCheck = (value: unknown, path: string, run: SchemaRun) => boolean;

export class TooManySteps extends Error {}

/** References that lead in a circle without going deeper into the value end here. */
const MAX_DEPTH = 256;
/** Characters that are read at the price of one step. */
const CHARACTERS_PER_STEP = 16;

export function report(run: SchemaRun, path: string, message: string): false {
  if (run.problems !== undefined && run.problems.length < MAX_PROBLEMS) run.problems.push({ path, message });
  return false;
}

/** Counts one step. */
export function counted(check: SchemaCheck): SchemaCheck {
  return (value, path, run) => {
    if (--run.stepsLeft < 0 || run.depth >= MAX_DEPTH) throw new TooManySteps();
    run.depth++;
    const fits = check(value, path, run);
    run.depth--;
    return fits;
  };
}

/** Counts what reading so many characters costs. */
export function spend(run: SchemaRun, characters: number): void {
  run.stepsLeft -= Math.floor(characters / CHARACTERS_PER_STEP);
  if (run.stepsLeft < 0) throw new TooManySteps();
}

/** The one text of a value. */
export function canonicalOf(value: unknown, run: SchemaRun): string {
  const text = canonicalJsonChecked(value);
  spend(run, text.length);
  return text;
}

/** Whether it fits, without telling why not. */
export function fitsQuietly(check: SchemaCheck, value: unknown, run: SchemaRun): boolean {
  const { problems } = run;
  run.problems = undefined;
  const fits = check(value, "", run);
  run.problems = problems;
  return fits;
}
