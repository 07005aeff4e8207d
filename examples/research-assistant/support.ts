// Whether an answer says only what its notes say: the share of its words that the notes have, too. No model. Pure.

const SMALL = new Set(
  `a about after all also an and are as at be because been but by can could do does for from had has have how if in into
   is it its like many more most much no not of on one or other so some such than that the their them then there these
   they this those to too up very was were what when where which while who why will with would you`.split(
    /\s+/,
  ),
);

export interface Support {
  /** 0 … 1 */
  score: number;
  /** Words of the answer that no note has. */
  missing: string[];
}

export function supportOf(answer: string, notes: readonly string[], question: string): Support {
  const known = new Set([...notes, question].flatMap(wordsOf).map(stem));
  const words = [...new Set(wordsOf(answer).filter((word) => !SMALL.has(word)))];
  const missing = words.filter((word) => !known.has(stem(word)));
  return { score: words.length === 0 ? 0 : 1 - missing.length / words.length, missing: missing.slice(0, 12) };
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Rough, and enough to take `tide` and `tides` for one word. */
function stem(word: string): string {
  return word.length > 4 ? word.replace(/(ies|es|s|ed|ing)$/, "") : word;
}
