// Overlap of the words of two normalised answers, as SQuAD and `dspy.evaluate` count it.

import { listOf } from "../arguments.ts";
import { countsOf, shared } from "./counts.ts";
import { normalizeAnswer } from "./exact-match.ts";
import { type Overlap, overlapOf } from "./overlap.ts";

const SPECIAL: ReadonlySet<string> = new Set(["yes", "no", "noanswer"]);

/** Against the reference with the highest F1. Nothing in common is 0, also where both are empty. */
export function tokenOverlap(prediction: string, references: string | readonly string[]): Overlap {
  const given = normalizeAnswer(prediction);
  return listOf(references)
    .map((reference) => overlapOfNormalized(given, normalizeAnswer(reference)))
    .reduce((best, one) => (one.f1 > best.f1 ? one : best));
}

/** `dspy.evaluate.F1` */
export function tokenF1(prediction: string, references: string | readonly string[]): number {
  return tokenOverlap(prediction, references).f1;
}

/** `dspy.evaluate.HotPotF1`: yes, no and noanswer match themselves only. */
export function hotpotF1(prediction: string, references: string | readonly string[]): number {
  const given = normalizeAnswer(prediction);
  const scores = listOf(references).map((reference) => {
    const wanted = normalizeAnswer(reference);
    const isSpecial = SPECIAL.has(given) || SPECIAL.has(wanted);
    return isSpecial && given !== wanted ? 0 : overlapOfNormalized(given, wanted).f1;
  });
  return Math.max(...scores);
}

function overlapOfNormalized(given: string, wanted: string): Overlap {
  const one = given === "" ? [] : given.split(" ");
  const other = wanted === "" ? [] : wanted.split(" ");
  return overlapOf(shared(countsOf(one), countsOf(other)), one.length, other.length);
}
