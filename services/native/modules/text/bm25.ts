// Searching a small set of texts in memory: Okapi BM25 with Lucene's idf, which is never negative.
//
//   score(q, d) = Σ over words t of q   idf(t) · tf · (k1 + 1) / (tf + k1 · (1 − b + b · |d| / mean |d|))
//   idf(t)      = ln(1 + (N − n(t) + 0.5) / (n(t) + 0.5))
//
// Own because the packages at hand score by BM25+ or other weights.

import { atLeast, invalid } from "../arguments.ts";
import { searchWords } from "./search-words.ts";
import { TopK } from "./top-k.ts";

export interface Bm25Options {
  /** How soon more of a word counts no more. Default 1.2. */
  k1?: number;
  /** How much longer texts must say more, 0 to 1. Default 0.75. */
  b?: number;
  /** Text → words; default: runs of letters and numbers, case folded. */
  words?: (text: string) => readonly string[];
}

export interface Hit {
  /** Of the document, as they were given. */
  index: number;
  score: number;
}

interface Posting {
  documents: number[];
  counts: number[];
}

export class Bm25Index {
  readonly size: number;
  readonly #words: (text: string) => readonly string[];
  readonly #postings = new Map<string, Posting>();
  /** Of each document: k1 · (1 − b + b · |d| / mean). */
  readonly #norms: Float64Array;
  readonly #k1: number;

  constructor(documents: readonly string[], { k1 = 1.2, b = 0.75, words = searchWords }: Bm25Options = {}) {
    if (!(k1 >= 0) || !Number.isFinite(k1)) throw invalid(`k1 ${k1} is not a number of at least 0`);
    if (!(b >= 0 && b <= 1)) throw invalid(`b ${b} is not a number from 0 to 1`);
    this.size = documents.length;
    this.#words = words;
    this.#k1 = k1;
    const lengths = documents.map((document, index) => this.#add(words(document), index));
    const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    this.#norms = Float64Array.from(lengths, (length) => k1 * (1 - b + (b * length) / mean));
  }

  /** The best `k` documents that have a word of the query; of equal ones the first. A word counts as often as it is said. */
  search(query: string, k = 10): Hit[] {
    atLeast(k, 1, "k");
    const scores = new Map<number, number>();
    for (const word of this.#words(query)) {
      const posting = this.#postings.get(word);
      if (posting === undefined) continue;
      const among = posting.documents.length;
      const idf = Math.log(1 + (this.size - among + 0.5) / (among + 0.5));
      for (let at = 0; at < among; at++) {
        const document = posting.documents[at] as number;
        const count = posting.counts[at] as number;
        const gain = (idf * (count * (this.#k1 + 1))) / (count + (this.#norms[document] as number));
        scores.set(document, (scores.get(document) ?? 0) + gain);
      }
    }
    const top = new TopK(k);
    for (const [document, score] of scores) top.offer(score, document);
    return top.sorted();
  }

  #add(words: readonly string[], index: number): number {
    for (const word of words) {
      let posting = this.#postings.get(word);
      if (posting === undefined) {
        posting = { documents: [], counts: [] };
        this.#postings.set(word, posting);
      }
      const last = posting.documents.length - 1;
      if (posting.documents[last] === index) posting.counts[last] = (posting.counts[last] as number) + 1;
      else {
        posting.documents.push(index);
        posting.counts.push(1);
      }
    }
    return words.length;
  }
}
