// What near duplicates are compared by: all runs of three words of a text; a shorter text is one run.

import { searchWords } from "./search-words.ts";

const WORDS = 3;

export function shinglesOf(text: string): Set<string> {
  const words = searchWords(text);
  const shingles = new Set<string>();
  if (words.length > 0 && words.length < WORDS) shingles.add(words.join(" "));
  for (let at = 0; at + WORDS <= words.length; at++) shingles.add(words.slice(at, at + WORDS).join(" "));
  return shingles;
}

/** What both have, as a share of what either has; two empty sets are the same. */
export function jaccard(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const [small, large] = one.size <= other.size ? [one, other] : [other, one];
  let both = 0;
  for (const item of small) if (large.has(item)) both++;
  const either = one.size + other.size - both;
  return either === 0 ? 1 : both / either;
}
