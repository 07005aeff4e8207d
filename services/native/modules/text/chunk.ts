// A text in chunks of a bounded size, along its sentences, its paragraphs or its tokens, each beginning with the end of the
// one before where they are to overlap. Every chunk is a span of the text: without overlap they are the text.
//
//   units  │ a │ b │ c │ d │ e │     size 3, overlap 1
//   chunks └───────────┘              each takes what fits, and at least one unit
//                  └───────────┘      then goes back by what fits into the overlap

import { invalid } from "../arguments.ts";
import { paragraphSpans, type Span, sentenceSpans } from "./spans.ts";
import type { Tokenizer, WeightedSpan } from "./tokenizer.ts";

export interface ChunkOptions {
  /** Along what the text is cut. */
  by: "tokens" | "sentences" | "paragraphs";
  /** Most tokens of a chunk. A sentence or paragraph that has more is cut at tokens. */
  size: number;
  /** Most tokens that a chunk repeats of the one before; less than `size`. Default 0. */
  overlap?: number;
  /** Of the sentences. Default `en`. */
  locale?: string;
}

export interface Chunk extends Span {
  text: string;
  /** Sum over its sentences, paragraphs or tokens, each counted alone. */
  tokens: number;
}

/**
 * @throws DspexError for a size that is none, or an overlap that is not below it. One character may be more than
 *   `size` tokens: then a chunk is.
 */
export function chunkText(text: string, tokenizer: Tokenizer, options: ChunkOptions): Chunk[] {
  const { size, overlap = 0 } = options;
  if (!Number.isInteger(size) || size < 1) throw invalid(`size ${size} is not a whole number of at least 1`);
  if (!Number.isInteger(overlap) || overlap < 0 || overlap >= size) {
    throw invalid(`overlap ${overlap} is not a whole number from 0 to below the size, ${size}`);
  }
  return packed(unitsOf(text, tokenizer, options), size, overlap).map(({ start, end, weight }) => ({
    text: text.slice(start, end),
    start,
    end,
    tokens: weight,
  }));
}

function unitsOf(text: string, tokenizer: Tokenizer, { by, size, locale }: ChunkOptions): WeightedSpan[] {
  if (by === "tokens") return tokenizer.units(text);
  const spans = by === "sentences" ? sentenceSpans(text, locale) : paragraphSpans(text);
  return spans.flatMap(({ start, end }) => {
    const part = text.slice(start, end);
    const weight = tokenizer.count(part);
    if (weight <= size) return [{ start, end, weight }];
    return tokenizer.units(part).map((unit) => ({
      start: start + unit.start,
      end: start + unit.end,
      weight: unit.weight,
    }));
  });
}

function packed(units: readonly WeightedSpan[], size: number, overlap: number): WeightedSpan[] {
  const chunks: WeightedSpan[] = [];
  const weightOf = (at: number) => units[at]?.weight ?? 0;
  let first = 0;
  while (first < units.length) {
    let next = first;
    let weight = 0;
    while (next < units.length && (next === first || weight + weightOf(next) <= size))
      weight += weightOf(next++);
    chunks.push({ start: units[first]?.start ?? 0, end: units[next - 1]?.end ?? 0, weight });
    if (next === units.length) break;
    // Not so far back that the next unit would not fit: each chunk says something new.
    const room = Math.min(overlap, size - weightOf(next));
    let repeated = 0;
    let back = next;
    while (back > first + 1 && repeated + weightOf(back - 1) <= room) repeated += weightOf(--back);
    first = back;
  }
  return chunks;
}
