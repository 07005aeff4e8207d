// Which variables a pattern means: a name, or letters with `*` for any run of characters. Pure.

import { DspexError } from "./errors.ts";

const PATTERN = /^[A-Za-z0-9_*]{1,128}$/;

/** @throws DspexError `invalid_inputs` for what is no pattern. */
export function checkPattern(pattern: string, path: string): string {
  if (PATTERN.test(pattern)) return pattern;
  throw new DspexError(
    "invalid_inputs",
    `${JSON.stringify(pattern.slice(0, 80))} is no pattern: a name, with * for any characters`,
    { path },
  );
}

/** In time proportional to both, whatever the pattern. */
export function matchesPattern(name: string, pattern: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
