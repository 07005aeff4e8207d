// How many tokens a text has, and where they lie. The encodings of OpenAI's models are exact and read when they are first
// asked for: that takes 0.2 s and 60 MB. Other models' tokenizers are the caller's to bring, and without one there is an
// estimate.

import { createRequire } from "node:module";
import { BytePairs } from "./byte-pairs.ts";
import type { Span } from "./spans.ts";
import { TOKEN_PIECES } from "./token-pieces.ts";

export type TokenEncoding = keyof typeof TOKEN_PIECES;

/** What chunking counts by: `size` is in what `count` counts. */
export interface Tokenizer {
  count(text: string): number;
  /** Pieces that may not be divided, covering the text, each with what it counts. */
  units(text: string): WeightedSpan[];
}

export interface WeightedSpan extends Span {
  weight: number;
}

const BYTES_PER_TOKEN = 3.5;
/** Pieces whose tokens are remembered: most words of a text have been said before. */
const MAX_REMEMBERED = 10_000;
const MAX_REMEMBERED_LENGTH = 32;

type Vocabulary = { default: readonly (string | readonly number[])[] };

const require = createRequire(import.meta.url);
const VOCABULARIES: Readonly<Record<TokenEncoding, () => Vocabulary>> = {
  o200k_base: () => require("gpt-tokenizer/bpeRanks/o200k_base") as Vocabulary,
  cl100k_base: () => require("gpt-tokenizer/bpeRanks/cl100k_base") as Vocabulary,
};
const tokenizers = new Map<TokenEncoding, Tokenizer>();

/** Encoding `o200k_base` is that of GPT-4o and later, `cl100k_base` that of GPT-4. What looks like a special token is text. */
export function tokenizerFor(encoding: TokenEncoding = "o200k_base"): Tokenizer {
  let tokenizer = tokenizers.get(encoding);
  if (tokenizer === undefined) {
    const { default: tokens } = VOCABULARIES[encoding]();
    tokenizer = new BytePairTokenizer(new BytePairs(tokens), TOKEN_PIECES[encoding]);
    tokenizers.set(encoding, tokenizer);
  }
  return tokenizer;
}

/** A model's own tokenizer as a function that counts; what it counts by is divided at code points only. */
export function tokenizerOf(count: (text: string) => number): Tokenizer {
  return { count, units: (text) => pointUnits(text, count) };
}

/** From bytes of UTF-8, 3.5 to a token: within a third for English prose, more elsewhere. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

class BytePairTokenizer implements Tokenizer {
  readonly #pairs: BytePairs;
  readonly #pieces: RegExp;
  readonly #remembered = new Map<string, readonly number[]>();

  constructor(pairs: BytePairs, pieces: RegExp) {
    this.#pairs = pairs;
    this.#pieces = pieces;
  }

  count(text: string): number {
    let count = 0;
    for (const [piece] of text.matchAll(this.#pieces)) count += this.#lengths(piece).length;
    return count;
  }

  /** A token may end within a character: then the two are one unit. */
  units(text: string): WeightedSpan[] {
    const units: WeightedSpan[] = [];
    let start = 0;
    let end = 0;
    let weight = 0;
    /** Bytes of tokens that the characters up to `end` do not have yet; below 0 they have more. */
    let ahead = 0;
    for (const [piece] of text.matchAll(this.#pieces)) {
      for (const length of this.#lengths(piece)) {
        ahead += length;
        weight++;
        while (ahead > 0) {
          const point = text.codePointAt(end) as number;
          ahead -= utf8Length(point);
          end += point > 0xffff ? 2 : 1;
        }
        if (ahead < 0) continue;
        units.push({ start, end, weight });
        start = end;
        weight = 0;
      }
    }
    return units;
  }

  #lengths(piece: string): readonly number[] {
    if (piece.length > MAX_REMEMBERED_LENGTH) return this.#pairs.lengths(piece);
    let lengths = this.#remembered.get(piece);
    if (lengths === undefined) {
      lengths = this.#pairs.lengths(piece);
      if (this.#remembered.size === MAX_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(piece, lengths);
    }
    return lengths;
  }
}

function utf8Length(point: number): number {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}

function pointUnits(text: string, count: (text: string) => number): WeightedSpan[] {
  const units: WeightedSpan[] = [];
  let start = 0;
  for (const point of text) {
    const end = start + point.length;
    units.push({ start, end, weight: count(point) });
    start = end;
  }
  return units;
}
