// The metrics of a text against references by name, each from 0 to 1: for programs and settings that name one.

import { listOf } from "../arguments.ts";
import { sentenceBleu } from "./bleu.ts";
import { sentenceChrf } from "./chrf.ts";
import { editSimilarity } from "./edit-distance.ts";
import { exactMatch, normalizedExactMatch } from "./exact-match.ts";
import { type RougeType, rouge } from "./rouge.ts";
import { tokenF1 } from "./token-f1.ts";

export const TEXT_METRICS = [
  "exact-match",
  "normalized-exact-match",
  "token-f1",
  "rouge1",
  "rouge2",
  "rougeL",
  "rougeLsum",
  "bleu",
  "chrf",
  "chrf++",
  "edit-similarity",
] as const;

export type TextMetric = (typeof TEXT_METRICS)[number];
type Score = (prediction: string, references: readonly string[]) => number;

const byRouge =
  (type: RougeType): Score =>
  (prediction, references) =>
    rouge(type, prediction, references).f1;

const SCORES: Readonly<Record<TextMetric, Score>> = {
  "exact-match": exactMatch,
  "normalized-exact-match": normalizedExactMatch,
  "token-f1": tokenF1,
  rouge1: byRouge("rouge1"),
  rouge2: byRouge("rouge2"),
  rougeL: byRouge("rougeL"),
  rougeLsum: byRouge("rougeLsum"),
  bleu: (prediction, references) => share(sentenceBleu(prediction, references).score),
  chrf: (prediction, references) => share(sentenceChrf(prediction, references)),
  "chrf++": (prediction, references) => share(sentenceChrf(prediction, references, { wordOrder: 2 })),
  "edit-similarity": (prediction, references) =>
    Math.max(...references.map((reference) => editSimilarity(prediction, reference))),
};

/** Of several references the best one counts. BLEU and chrF are a hundredth of what they usually are. */
export function scoreText(
  metric: TextMetric,
  prediction: string,
  references: string | readonly string[],
): number {
  return SCORES[metric](prediction, listOf(references));
}

/** Rounding may take the hundred a little beyond. */
function share(hundredths: number): number {
  return Math.min(1, hundredths / 100);
}
