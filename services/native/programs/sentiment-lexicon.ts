// Sentiment by counting words: no model, microseconds, and right often enough to be what answers when nothing else
// can. Pure.

import { NEGATIONS, PHRASES, STRONG, TURNS, WORDS } from "./sentiment-words.ts";

/** A negation reaches this many words. */
const REACH = 5;
const NEGATED = -0.7;
const STRENGTHENED = 1.5;
/** What stands before "but" counts this much. */
const BEFORE_TURN = 0.4;

export type Sentiment = "positive" | "negative";

export function sentimentOf(text: string): Sentiment {
  return scoreOf(text) > 0 ? "positive" : "negative";
}

/** Above zero is positive. */
export function scoreOf(text: string): number {
  let score = 0;
  for (const sentence of text
    .toLowerCase()
    .replaceAll("’", "'")
    .split(/[.!?;:\n]+/))
    score += scoreSentence(sentence);
  return score;
}

function scorePhrases(sentence: string): number {
  return PHRASES.reduce((score, [phrase, weight]) => score + (phrase.test(sentence) ? weight : 0), 0);
}

function scoreSentence(sentence: string): number {
  let score = scorePhrases(sentence);
  let sinceNegation = Number.POSITIVE_INFINITY;
  let strength = 1;
  for (const word of sentence.match(/[a-z]+(?:['-][a-z]+)*|,/g) ?? []) {
    if (word === ",") {
      sinceNegation = Number.POSITIVE_INFINITY;
      continue;
    }
    if (TURNS.has(word)) {
      score *= BEFORE_TURN;
      sinceNegation = Number.POSITIVE_INFINITY;
      continue;
    }
    const weight = WORDS.get(word) ?? 0;
    score += weight * strength * (sinceNegation <= REACH ? NEGATED : 1);
    strength = STRONG.has(word) ? STRENGTHENED : 1;
    sinceNegation = NEGATIONS.has(word) ? 1 : sinceNegation + 1;
  }
  return score;
}
