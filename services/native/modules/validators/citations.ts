// Whether the marks of sources in a text, [1] or [2, 4-6] or [name], lead to sources that are there, and whether those say
// what the sentence says: enough of its longer words and of its numbers occur in them. A sign, no proof: who has the
// words may still have turned their meaning.

import { wordsIn } from "../text/characters.ts";
import { plainText } from "./plain-text.ts";
import { type Sentence, sentencesOf } from "./sentences.ts";
import { type Source, sourceIndex, sourceText } from "./sources.ts";
import { invalid, kindOf, type Problem, shareOf, type Verdict, verdictOf } from "./verdict.ts";

export interface CitationsOptions {
  readonly sources: readonly Source[];
  /** Share of a sentence's words that its sources must have, 0 to 1; default 0.5. */
  readonly minSupport?: number | undefined;
  /** Every sentence of four words or more must name a source. */
  readonly everySentence?: boolean | undefined;
}

const LEAST_SUPPORT = 0.5;
/** A shorter sentence is a greeting or a heading. */
const LEAST_WORDS = 4;
/** Shorter words are in every text. */
const CONTENT_LETTERS = 4;
const MARKS = /\[\^?([^[\]\n]{1,200})\]/g;
const NUMBERS = /^[0-9]{1,4}(?: ?[,\u2013-] ?[0-9]{1,4}){0,19}$/;
const NUMBER_OR_RANGE = /([0-9]{1,4})(?: ?[\u2013-] ?([0-9]{1,4}))?/g;

interface Cited {
  /** Of sources that are there. */
  indices: Set<number>;
  unknown: { mark: string; start: number; end: number }[];
  isCiting: boolean;
}

export function checkCitations(value: unknown, options: CitationsOptions): Verdict {
  if (typeof value !== "string") return invalid("$", `expected text, got ${kindOf(value)}`);
  const { sources, minSupport = LEAST_SUPPORT, everySentence = false } = options;
  const known = sourceIndex(sources);
  const wordsOf = sourceWords(sources);
  const problems: Problem[] = [];
  let judged = 0;
  let right = 0;
  for (const sentence of sentencesOf(value)) {
    const cited = citedBy(sentence, known, sources.length);
    const span = { start: sentence.start, end: sentence.end };
    for (const { mark, start, end } of cited.unknown)
      problems.push({ path: "$", message: `there is no source ${mark}`, span: { start, end } });
    const words = contentWords(withoutMarks(sentence.text));
    if (!cited.isCiting) {
      if (!everySentence || wordsIn(sentence.text).length < LEAST_WORDS) continue;
      judged++;
      problems.push({ path: "$", message: "the sentence names no source", span });
      continue;
    }
    judged++;
    const support = supportOf(words, cited.indices, wordsOf);
    if (support >= minSupport && cited.unknown.length === 0) right++;
    if (support < minSupport && cited.indices.size > 0)
      problems.push({
        path: "$",
        message: `its sources have ${percent(support)} of the sentence's words`,
        span,
      });
  }
  return verdictOf(problems, shareOf(right, judged));
}

function citedBy({ text, start }: Sentence, known: ReadonlyMap<string, number>, count: number): Cited {
  const cited: Cited = { indices: new Set(), unknown: [], isCiting: false };
  for (const { 0: mark, 1: inner = "", index } of text.matchAll(MARKS)) {
    const place = { start: start + index, end: start + index + mark.length };
    const named = known.get(inner);
    if (named !== undefined) {
      cited.isCiting = true;
      cited.indices.add(named);
    } else if (NUMBERS.test(inner)) {
      cited.isCiting = true;
      for (const [, from = "", to = from] of inner.matchAll(NUMBER_OR_RANGE))
        addRange(cited, from, to, count, place);
    }
  }
  return cited;
}

function addRange(
  cited: Cited,
  from: string,
  to: string,
  count: number,
  place: { start: number; end: number },
): void {
  const [first, last] = [Number(from), Number(to)];
  if (first < 1 || last > count || first > last) {
    cited.unknown.push({ mark: from === to ? `[${from}]` : `[${from}-${to}]`, ...place });
    return;
  }
  for (let number = first; number <= last; number++) cited.indices.add(number - 1);
}

function withoutMarks(text: string): string {
  return text.replace(MARKS, " ");
}

/** Numbers, and words of four letters or more. */
function contentWords(text: string): string[] {
  return wordsIn(plainText(text)).filter((word) => word.length >= CONTENT_LETTERS || /[0-9]/.test(word));
}

/** Each source's words, when they are asked for. */
function sourceWords(sources: readonly Source[]): (index: number) => ReadonlySet<string> {
  const found = new Map<number, ReadonlySet<string>>();
  return (index) => {
    let words = found.get(index);
    if (words === undefined) {
      words = new Set(wordsIn(plainText(sourceText(sources[index] as Source))));
      found.set(index, words);
    }
    return words;
  };
}

function supportOf(
  words: readonly string[],
  indices: ReadonlySet<number>,
  wordsOf: (index: number) => ReadonlySet<string>,
): number {
  if (words.length === 0) return 1;
  const sets = [...indices].map(wordsOf);
  return words.filter((word) => sets.some((set) => set.has(word))).length / words.length;
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
