// ROUGE-1, -2, … -9, -L and -Lsum, equal to Google's `rouge-score` 0.1.2, which replicates Lin's ROUGE 1.5.5. Words are
// runs of a–z and 0–9 in lower case: texts in other scripts have none, and score 0, there as here.

import { invalid, listOf } from "../arguments.ts";
import { countsOf, nGrams, shared } from "./counts.ts";
import { LongestCommon } from "./longest-common.ts";
import { type Overlap, overlapOf } from "./overlap.ts";
import { porterStem } from "./porter-stemmer.ts";
import { Summary } from "./summary.ts";

export type RougeType = `rouge${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | "L" | "Lsum"}`;

export interface RougeOptions {
  /** Words of more than three letters are compared by their Porter stems. */
  useStemmer?: boolean;
}

/** Against the reference with the highest F1 (`score_multi`). For `rougeLsum` each line is a sentence. */
export function rouge(
  type: RougeType,
  prediction: string,
  references: string | readonly string[],
  options: RougeOptions = {},
): Overlap {
  const compare = comparison(type, prediction, options);
  return listOf(references)
    .map(compare)
    .reduce((best, one) => (one.f1 > best.f1 ? one : best));
}

export function rougeTokens(text: string, { useStemmer = false }: RougeOptions = {}): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return useStemmer ? words.map((word) => (word.length > 3 ? porterStem(word) : word)) : words;
}

function comparison(type: RougeType, prediction: string, options: RougeOptions): (text: string) => Overlap {
  if (type === "rougeLsum") {
    const given = new Summary(sentencesOf(prediction, options));
    return (reference) => given.overlapWith(sentencesOf(reference, options));
  }
  const given = rougeTokens(prediction, options);
  if (type === "rougeL") {
    const common = new LongestCommon(given);
    return (reference) => {
      const wanted = rougeTokens(reference, options);
      return overlapOf(common.lengthWith(wanted), given.length, wanted.length);
    };
  }
  const n = Number(/^rouge([1-9])$/.exec(type)?.[1]);
  if (Number.isNaN(n)) throw invalid(`${JSON.stringify(type)} is no type of ROUGE`);
  const grams = nGrams(given, n);
  const counts = countsOf(grams);
  return (reference) => {
    const wanted = nGrams(rougeTokens(reference, options), n);
    return overlapOf(shared(counts, countsOf(wanted)), grams.length, wanted.length);
  };
}

function sentencesOf(text: string, options: RougeOptions): string[][] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => rougeTokens(line, options));
}
