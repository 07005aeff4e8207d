// How long a text is: characters (code points), words (what white space parts) or tokens of a model's vocabulary.

import { codePointCount, splitSpaces } from "../text/characters.ts";
import { tokenizerFor } from "../text/tokenizer.ts";
import { invalid, kindOf, VALID, type Verdict } from "./verdict.ts";

export type LengthUnit = "characters" | "words" | "tokens";

export interface LengthOptions {
  readonly unit?: LengthUnit | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export function checkLength(value: unknown, { unit = "characters", min, max }: LengthOptions): Verdict {
  if (typeof value !== "string") return invalid("$", `expected text, got ${kindOf(value)}`);
  const length = lengthIn(unit, value);
  if (min !== undefined && length < min)
    return invalid("$", `expected at least ${min} ${unit}, got ${length}`);
  if (max !== undefined && length > max)
    return invalid("$", `expected at most ${max} ${unit}, got ${length}`);
  return VALID;
}

export function lengthIn(unit: LengthUnit, text: string): number {
  switch (unit) {
    case "characters":
      return codePointCount(text);
    case "words":
      return splitSpaces(text).length;
    case "tokens":
      return tokenizerFor().count(text);
    default:
      return unit satisfies never;
  }
}
