// Regular expressions by RE2, whose time is linear in the text whatever the pattern is. The patterns are those that a
// signature may have, so Python's engine reads them alike.

import { RE2JS } from "re2js";
import { DspexError } from "../../../../schemas/errors.ts";
import { patternProblem } from "../../../../schemas/signature/pattern-subset.ts";
import { Recent } from "../recent.ts";
import { invalid, kindOf, quoted, VALID, type Verdict, verdictOf } from "./verdict.ts";

export interface PatternOptions {
  readonly pattern: string;
  /** `some` = found somewhere (default), `whole` = all of the text, `none` = nowhere. */
  readonly match?: "some" | "whole" | "none" | undefined;
}

const CACHED_PATTERNS = 256;
const compiled = new Recent<string, RE2JS>(CACHED_PATTERNS);

export function checkPattern(value: unknown, { pattern, match = "some" }: PatternOptions): Verdict {
  const regex = compilePattern(pattern);
  if (typeof value !== "string") return invalid("$", `expected text, got ${kindOf(value)}`);
  if (match === "whole")
    return regex.testExact(value) ? VALID : invalid("$", `expected text that is all ${quoted(pattern)}`);
  if (match === "some")
    return regex.test(value) ? VALID : invalid("$", `expected text with ${quoted(pattern)} in it`);
  const matcher = regex.matcher(value);
  if (!matcher.find()) return VALID;
  const span = { start: matcher.start(), end: matcher.end() };
  return verdictOf([{ path: "$", message: `expected text without ${quoted(pattern)} in it`, span }]);
}

/** @throws DspexError `invalid_inputs` where it is none of the patterns that both languages read alike. */
export function compilePattern(pattern: string): RE2JS {
  return compiled.get(pattern, () => {
    const problem = patternProblem(pattern);
    if (problem !== undefined)
      throw new DspexError("invalid_inputs", `${problem}: ${quoted(pattern)}`, { path: "pattern" });
    return RE2JS.compile(pattern);
  });
}
