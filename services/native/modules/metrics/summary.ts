// ROUGE-Lsum of a summary in sentences: of each wanted sentence the words that lie in a longest common run with any given one;
// no word counts twice.

import { type Counts, countsOf } from "./counts.ts";
import { LongestCommon } from "./longest-common.ts";
import { type Overlap, overlapOf } from "./overlap.ts";

export class Summary {
  readonly #words: readonly string[];
  /** Those that differ: a sentence that comes twice has nothing more in common. */
  readonly #sentences: readonly LongestCommon[];
  /** By word: the sentences that have it. */
  readonly #sentencesWith = new Map<string, number[]>();

  constructor(sentences: readonly (readonly string[])[]) {
    this.#words = sentences.flat();
    const different = [...new Map(sentences.map((words) => [words.join(" "), words])).values()];
    this.#sentences = different.map((words) => new LongestCommon(words));
    for (const [n, words] of different.entries()) {
      for (const word of new Set(words)) {
        const among = this.#sentencesWith.get(word);
        if (among === undefined) this.#sentencesWith.set(word, [n]);
        else among.push(n);
      }
    }
  }

  overlapWith(wanted: readonly (readonly string[])[]): Overlap {
    const words = wanted.flat();
    const leftOfGiven = countsOf(this.#words);
    const leftOfWanted = countsOf(words);
    let hits = 0;
    for (const sentence of wanted) {
      for (const at of this.#commonPlaces(sentence)) {
        if (takeOne(leftOfGiven, leftOfWanted, sentence[at] as string)) hits++;
      }
    }
    return overlapOf(hits, this.#words.length, words.length);
  }

  /** Ascending. */
  #commonPlaces(sentence: readonly string[]): number[] {
    const others = new Set(sentence.flatMap((word) => this.#sentencesWith.get(word) ?? []));
    const places = new Set<number>();
    for (const n of others) {
      for (const at of (this.#sentences[n] as LongestCommon).placesIn(sentence)) places.add(at);
    }
    return [...places].sort((a, b) => a - b);
  }
}

function takeOne(one: Counts, other: Counts, word: string): boolean {
  const left = one.get(word) ?? 0;
  const right = other.get(word) ?? 0;
  if (left === 0 || right === 0) return false;
  one.set(word, left - 1);
  other.set(word, right - 1);
  return true;
}
