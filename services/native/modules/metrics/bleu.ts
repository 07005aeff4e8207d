// BLEU of a sentence and of a corpus, equal to sacrebleu 2.6: tokenizer 13a, smoothing `exp`. A sentence is judged by the
// orders of n-grams that it has (effective order), a corpus by all four. From 0 to 100.

import { listOf } from "../arguments.ts";
import { tokens13a } from "./bleu-tokenizer.ts";
import { type ReferencesOf, referencesOfEach } from "./corpus.ts";
import { gramOrders, sharedGrams } from "./gram-orders.ts";

const MAX_ORDER = 4;

export interface BleuOptions {
  lowercase?: boolean;
  /** Leave out orders of which there are no n-grams: for short texts. */
  effectiveOrder?: boolean;
}

export interface Bleu {
  /** 0 to 100. */
  score: number;
  /** By order of n-grams, 0 to 100. */
  precisions: number[];
  brevityPenalty: number;
  predictionTokens: number;
  referenceTokens: number;
}

interface Matches {
  correct: number[];
  total: number[];
  given: number;
  wanted: number;
}

export function sentenceBleu(
  prediction: string,
  references: string | readonly string[],
  options: BleuOptions = {},
): Bleu {
  return bleuOf(matchesOf(prediction, listOf(references), options), { effectiveOrder: true, ...options });
}

/** @param references one text, or several, for each prediction. */
export function corpusBleu(
  predictions: readonly string[],
  references: readonly ReferencesOf[],
  options: BleuOptions = {},
): Bleu {
  const lists = referencesOfEach(predictions, references);
  const sum: Matches = { correct: [0, 0, 0, 0], total: [0, 0, 0, 0], given: 0, wanted: 0 };
  for (const [n, prediction] of predictions.entries()) {
    const { correct, total, given, wanted } = matchesOf(prediction, lists[n] as readonly string[], options);
    sum.given += given;
    sum.wanted += wanted;
    for (let at = 0; at < MAX_ORDER; at++) {
      sum.correct[at] = (sum.correct[at] as number) + (correct[at] as number);
      sum.total[at] = (sum.total[at] as number) + (total[at] as number);
    }
  }
  return bleuOf(sum, options);
}

function matchesOf(prediction: string, references: readonly string[], options: BleuOptions): Matches {
  const given = tokensOf(prediction, options);
  const wanted = references.map((reference) => tokensOf(reference, options));
  const correct: number[] = [];
  const total: number[] = [];
  for (const { counts, totals } of gramOrders([given, ...wanted], MAX_ORDER)) {
    const [own, ...others] = counts as [Int32Array, ...Int32Array[]];
    correct.push(sharedGrams(own, others.reduce(mostOf)));
    total.push(totals[0] as number);
  }
  const lengths = wanted.map(({ length }) => length);
  return { correct, total, given: given.length, wanted: closest(given.length, lengths) };
}

function tokensOf(text: string, { lowercase = false }: BleuOptions): string[] {
  return tokens13a(lowercase ? text.toLowerCase() : text);
}

/** Of each gram as many as the reference has that has most of them. */
function mostOf(one: Int32Array, other: Int32Array): Int32Array {
  return one.map((count, gram) => Math.max(count, other[gram] as number));
}

/** The shorter one of two that are as close. */
function closest(length: number, lengths: readonly number[]): number {
  return lengths.reduce((best, one) => {
    const nearer = Math.abs(length - one) - Math.abs(length - best);
    return nearer < 0 || (nearer === 0 && one < best) ? one : best;
  });
}

function bleuOf({ correct, total, given, wanted }: Matches, { effectiveOrder = false }: BleuOptions): Bleu {
  const brevityPenalty = given >= wanted ? 1 : given === 0 ? 0 : Math.exp(1 - wanted / given);
  const precisions = [0, 0, 0, 0];
  const sizes = { brevityPenalty, predictionTokens: given, referenceTokens: wanted };
  if (correct.every((count) => count === 0)) return { score: 0, precisions, ...sizes };
  let smooth = 1;
  let orders = MAX_ORDER;
  for (let at = 0; at < MAX_ORDER; at++) {
    const among = total[at] as number;
    if (among === 0) break;
    if (effectiveOrder) orders = at + 1;
    const hits = correct[at] as number;
    if (hits === 0) smooth *= 2;
    precisions[at] = hits === 0 ? 100 / (smooth * among) : (100 * hits) / among;
  }
  const logs = precisions.slice(0, orders).reduce((sum, one) => sum + Math.log(one), 0);
  return { score: brevityPenalty * Math.exp(logs / orders), precisions, ...sizes };
}
