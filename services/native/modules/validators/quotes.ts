// Whether what a text quotes is said by its sources. Compared are plain texts: capitals, kinds of quotes and dashes and
// white space do not count; what is left out (… or [...]) may be anything, in the order of one source.

import { splitSpaces } from "../text/characters.ts";
import { indexOfLinear } from "./occurs.ts";
import { plainText } from "./plain-text.ts";
import { type Source, sourceText } from "./sources.ts";
import { invalid, kindOf, type Problem, quoted, shareOf, type Verdict, verdictOf } from "./verdict.ts";

export interface QuotesOptions {
  readonly sources: readonly Source[];
  /** Shorter quotations are words, not passages; default 3. */
  readonly minWords?: number | undefined;
}

/** Passages that are compared; each costs a walk through the sources. */
const MAX_QUOTES = 200;
const LEAST_WORDS = 3;
const QUOTE =
  /\u201c([^\u201c\u201d\u201e]{1,5000})\u201d|\u201e([^\u201c\u201d\u201e]{1,5000})[\u201c\u201d]|\u00ab([^\u00ab\u00bb]{1,5000})\u00bb|"([^"\n]{1,5000})"/g;
/** Left out, or put in by whoever quotes. */
const GAP = /\.\.\.|\[[^[\]]{0,100}\]/;
const OUTER_SIGNS = /^[ .,;:!?'-]+/;
const OUTER_SIGNS_BEHIND = new Set(" .,;:!?'-");

export function checkQuotes(value: unknown, { sources, minWords = LEAST_WORDS }: QuotesOptions): Verdict {
  if (typeof value !== "string") return invalid("$", `expected text, got ${kindOf(value)}`);
  const texts = sources.map((source) => plainText(sourceText(source)));
  const problems: Problem[] = [];
  let checked = 0;
  for (const found of value.matchAll(QUOTE)) {
    const passage = found[1] ?? found[2] ?? found[3] ?? found[4] ?? "";
    if (splitSpaces(passage).length < minWords) continue;
    if (checked === MAX_QUOTES) {
      problems.push({ path: "$", message: `more than ${MAX_QUOTES} quotations: the rest is not compared` });
      break;
    }
    checked++;
    const parts = partsOf(passage);
    if (texts.some((text) => hasInOrder(text, parts))) continue;
    const span = { start: found.index, end: found.index + found[0].length };
    problems.push({ path: "$", message: `no source says ${quoted(passage)}`, span });
  }
  return verdictOf(problems, shareOf(checked - Math.min(checked, problems.length), checked));
}

/** What must follow one another, without the signs at its ends. */
function partsOf(passage: string): string[] {
  return plainText(passage)
    .split(GAP)
    .map((part) => trimSigns(part))
    .filter((part) => part !== "");
}

function trimSigns(text: string): string {
  let end = text.length;
  while (end > 0 && OUTER_SIGNS_BEHIND.has(text.charAt(end - 1))) end--;
  return text.slice(0, end).replace(OUTER_SIGNS, "");
}

function hasInOrder(text: string, parts: readonly string[]): boolean {
  let at = 0;
  for (const part of parts) {
    const found = indexOfLinear(text, part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
}
