// Whether an answer is one of those that were wanted: to the letter, or as SQuAD and `dspy.evaluate` compare answers,
// without case, punctuation, articles and spacing.

import { listOf } from "../arguments.ts";
import { isAscii, splitSpaces, WORD_CLASS } from "../text/characters.ts";

const PUNCTUATION = /[!-/:-@[-`{-~]/g;
// `\b` of Python knows all letters; here it knows those of ASCII.
const ARTICLES = new RegExp(`(?<![${WORD_CLASS}])(?:a|an|the)(?![${WORD_CLASS}])`, "gu");
const ASCII_ARTICLES = /\b(?:a|an|the)\b/g;

/** `dspy.evaluate.normalize_text`: NFD, lower case, no ASCII punctuation, no English article, single spaces. */
export function normalizeAnswer(text: string): string {
  if (isAscii(text)) {
    return splitSpaces(text.toLowerCase().replace(PUNCTUATION, "").replace(ASCII_ARTICLES, " ")).join(" ");
  }
  const plain = text.normalize("NFD").toLowerCase().replace(PUNCTUATION, "").replace(ARTICLES, " ");
  return splitSpaces(plain).join(" ");
}

/** 1 where the prediction is one of the references, to the letter; else 0. */
export function exactMatch(prediction: string, references: string | readonly string[]): number {
  return listOf(references).includes(prediction) ? 1 : 0;
}

/** 1 where the normalised prediction is one of the normalised references: `dspy.evaluate.EM`. */
export function normalizedExactMatch(prediction: string, references: string | readonly string[]): number {
  const wanted = normalizeAnswer(prediction);
  return listOf(references).some((reference) => normalizeAnswer(reference) === wanted) ? 1 : 0;
}
