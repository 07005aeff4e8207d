// A summary out of a text's own sentences: those whose words the text uses most, in their order. No model. Pure.

const MAX_SENTENCES = 2;
const STOP_WORDS: ReadonlySet<string> = new Set(
  `a about after all also an and any are as at be because been before but by can could did do does for from had has
   have he her him his how i if in into is it its just more most my no not of on one only or other our out over she
   so some such than that the their them then there these they this those to too up us very was we were what when
   which while who will with would you your`
    .split(/\s+/)
    .filter(Boolean),
);
const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });

export function summarizeByExtract(text: string): string {
  const sentences = [...segmenter.segment(text)].map(({ segment }) => segment.trim()).filter(Boolean);
  if (sentences.length <= MAX_SENTENCES) return sentences.join(" ");
  const counts = new Map<string, number>();
  for (const sentence of sentences)
    for (const word of wordsOf(sentence)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return sentences
    .map((sentence, index) => ({ sentence, index, weight: weightOf(sentence, counts) }))
    .sort((a, b) => b.weight - a.weight || a.index - b.index)
    .slice(0, MAX_SENTENCES)
    .sort((a, b) => a.index - b.index)
    .map(({ sentence }) => sentence)
    .join(" ");
}

/** Mean use of its words; the root keeps long sentences from winning by length and short ones by one word. */
function weightOf(sentence: string, counts: ReadonlyMap<string, number>): number {
  const words = new Set(wordsOf(sentence));
  if (words.size === 0) return 0;
  let sum = 0;
  for (const word of words) sum += counts.get(word) ?? 0;
  return sum / Math.sqrt(words.size);
}

function wordsOf(sentence: string): string[] {
  return (sentence.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !STOP_WORDS.has(word));
}
