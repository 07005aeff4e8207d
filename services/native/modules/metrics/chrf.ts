// chrF and chrF++ of a sentence and of a corpus, equal to sacrebleu 2.6: n-grams of characters up to 6, of words up to 0
// (chrF) or 2 (chrF++), recall weighted by beta 2. From 0 to 100. A character is a code point.

import { listOf } from "../arguments.ts";
import { splitSpaces } from "../text/characters.ts";
import { type ReferencesOf, referencesOfEach } from "./corpus.ts";
import { type GramOrder, gramOrders, sharedGrams } from "./gram-orders.ts";

export interface ChrfOptions {
  /** 2 = chrF++. */
  wordOrder?: number;
  charOrder?: number;
  beta?: number;
  lowercase?: boolean;
}

type Settings = Required<ChrfOptions>;

const STANDARD: Settings = { wordOrder: 0, charOrder: 6, beta: 2, lowercase: false };
const PUNCTUATION = /[!-/:-@[-`{-~]/;

/** n-grams of one order: how many are given, how many wanted, how many are both. */
type Order = [given: number, wanted: number, both: number];

export function sentenceChrf(
  prediction: string,
  references: string | readonly string[],
  options: ChrfOptions = {},
): number {
  const settings = { ...STANDARD, ...options };
  return scoreOf(bestMatch(prediction, listOf(references), settings), settings);
}

/** @param references one text, or several, for each prediction. */
export function corpusChrf(
  predictions: readonly string[],
  references: readonly ReferencesOf[],
  options: ChrfOptions = {},
): number {
  const settings = { ...STANDARD, ...options };
  const lists = referencesOfEach(predictions, references);
  const sum = Array.from({ length: settings.charOrder + settings.wordOrder }, (): Order => [0, 0, 0]);
  for (const [n, prediction] of predictions.entries()) {
    for (const [at, [given, wanted, both]] of bestMatch(prediction, lists[n] ?? [], settings).entries()) {
      const total = sum[at] as Order;
      total[0] += given;
      total[1] += wanted;
      total[2] += both;
    }
  }
  return scoreOf(sum, settings);
}

/** With the reference of the highest score, the first of equal ones. */
function bestMatch(prediction: string, references: readonly string[], settings: Settings): Order[] {
  const { charOrder, wordOrder, lowercase } = settings;
  const texts = [prediction, ...references].map((text) => splitSpaces(lowercase ? text.toLowerCase() : text));
  const orders = [
    ...gramOrders(texts.map(charactersOf), charOrder),
    ...(wordOrder === 0 ? [] : gramOrders(texts.map(wordsOf), wordOrder)),
  ];
  let best: Order[] = [];
  let bestScore = -1;
  for (let at = 1; at < texts.length; at++) {
    const match = orders.map((order) => matchOf(order, at));
    const score = scoreOf(match, settings);
    if (score > bestScore) {
      best = match;
      bestScore = score;
    }
  }
  return best;
}

/** Of the prediction, the first list, with another one. Grams of an order that the reference has none of do not count. */
function matchOf({ counts, totals }: GramOrder, other: number): Order {
  const wanted = totals[other] as number;
  const given = wanted === 0 ? 0 : (totals[0] as number);
  return [given, wanted, sharedGrams(counts[0] as Int32Array, counts[other] as Int32Array)];
}

function charactersOf(words: readonly string[]): string[] {
  return [...words.join("")];
}

function wordsOf(words: readonly string[]): string[] {
  return words.flatMap(withoutPunctuation);
}

/** One mark at the end of a word, else one at its start, stands apart. */
function withoutPunctuation(word: string): string[] {
  if (word.length === 1) return [word];
  if (PUNCTUATION.test(word.charAt(word.length - 1))) return [word.slice(0, -1), word.slice(-1)];
  if (PUNCTUATION.test(word.charAt(0))) return [word.slice(0, 1), word.slice(1)];
  return [word];
}

function scoreOf(orders: readonly Order[], { beta }: Settings): number {
  let precision = 0;
  let recall = 0;
  let counted = 0;
  for (const [given, wanted, both] of orders) {
    if (given === 0 || wanted === 0) continue;
    precision += both / given;
    recall += both / wanted;
    counted++;
  }
  if (precision + recall === 0) return 0;
  precision /= counted;
  recall /= counted;
  const factor = beta * beta;
  return (100 * ((1 + factor) * precision * recall)) / (factor * precision + recall);
}
