// What metrics and text functions refuse: no references, lists of different lengths, numbers out of their range. The messages
// quote the value.

import { DspexError } from "../../../schemas/errors.ts";

export function invalid(message: string): DspexError {
  return new DspexError("invalid_inputs", message);
}

export function listOf(references: string | readonly string[]): readonly string[] {
  const list = typeof references === "string" ? [references] : references;
  if (list.length === 0) throw invalid("there is no reference to compare with");
  return list;
}

export function sameLength(one: readonly unknown[], other: readonly unknown[], what: string): void {
  if (one.length !== other.length) throw invalid(`${what}: ${one.length} and ${other.length}`);
}

export function notEmpty(items: { readonly length: number }, what: string): void {
  if (items.length === 0) throw invalid(`there are no ${what}`);
}

export function atLeast(value: number, least: number, what: string): void {
  if (!Number.isInteger(value) || value < least) {
    throw invalid(`${what} ${value} is not a whole number of at least ${least}`);
  }
}
