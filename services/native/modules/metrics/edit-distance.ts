// How many characters must be put in, taken out or replaced to make one text of another (Levenshtein). A character is a
// code point, as in Python: an emoji is one, not two.

import { distance } from "fastest-levenshtein";
import { invalid } from "../arguments.ts";

const SURROGATE = /[\ud800-\udfff]/;
/** What one unit of UTF-16 can stand for. */
const MAX_DISTINCT = 65_536;

export function editDistance(one: string, other: string): number {
  if (one === other) return 0;
  if (!SURROGATE.test(one) && !SURROGATE.test(other)) return distance(one, other);
  const units = new Map<string, string>();
  return distance(inUnits(one, units), inUnits(other, units));
}

/** 1 for the same texts, 0 where no character stays: 1 − distance / length of the longer one, in code points. */
export function editSimilarity(one: string, other: string): number {
  if (one === other) return 1;
  return 1 - editDistance(one, other) / Math.max(lengthOf(one), lengthOf(other));
}

function lengthOf(text: string): number {
  return SURROGATE.test(text) ? [...text].length : text.length;
}

/** Each code point as one unit: which one does not matter, only where it is the same. */
function inUnits(text: string, units: Map<string, string>): string {
  let written = "";
  for (const point of text) {
    let unit = units.get(point);
    if (unit === undefined) {
      if (units.size === MAX_DISTINCT) throw invalid(`more than ${MAX_DISTINCT} different characters`);
      unit = String.fromCharCode(units.size);
      units.set(point, unit);
    }
    written += unit;
  }
  return written;
}
