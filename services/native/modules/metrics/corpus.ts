// References of a corpus: one text or several for each prediction.

import { invalid, listOf, notEmpty, sameLength } from "../arguments.ts";

export type ReferencesOf = string | readonly string[];

/** @throws DspexError where there are not as many as predictions, or none. */
export function referencesOfEach(
  predictions: readonly string[],
  references: readonly ReferencesOf[],
): (readonly string[])[] {
  if (typeof references === "string") throw invalid("a corpus has a list of references");
  notEmpty(predictions, "predictions");
  sameLength(predictions, references, "as many predictions as references are needed");
  return references.map(listOf);
}
