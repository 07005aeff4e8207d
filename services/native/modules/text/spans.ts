// Where sentences, words and paragraphs of a text lie. Sentences and paragraphs cover the text without a gap, each with the
// white space behind it, so that whatever is made of them can be put together again.

/** Of `text.slice(start, end)`: in units of UTF-16, as strings are counted here. */
export interface Span {
  start: number;
  end: number;
}

const segmenters = new Map<string, Intl.Segmenter>();

/** Unicode's sentences (UAX 29) as the locale has them. A line's end is a sentence's end. */
export function sentenceSpans(text: string, locale = "en"): Span[] {
  return segments(text, "sentence", locale).map(({ index, segment }) => ({
    start: index,
    end: index + segment.length,
  }));
}

/** Unicode's words, by dictionary where a language writes none apart; without spaces and punctuation. */
export function wordSpans(text: string, locale = "en"): Span[] {
  return segments(text, "word", locale).flatMap(({ index, segment, isWordLike }) =>
    isWordLike === true ? [{ start: index, end: index + segment.length }] : [],
  );
}

/** A paragraph ends behind the blank lines that follow it; blank lines in front belong to the first. */
export function paragraphSpans(text: string): Span[] {
  if (text === "") return [];
  const spans: Span[] = [];
  let start = 0;
  let isBehindBlank = false;
  let hasText = false;
  for (const { 0: line, index } of text.matchAll(/[^\n]*\n|[^\n]+$/g)) {
    const isBlank = /^[ \t\r\n]*$/.test(line);
    if (!isBlank && isBehindBlank && hasText) {
      spans.push({ start, end: index });
      start = index;
    }
    isBehindBlank = isBlank;
    hasText ||= !isBlank;
  }
  spans.push({ start, end: text.length });
  return spans;
}

function segments(text: string, granularity: "sentence" | "word", locale: string): Intl.SegmentData[] {
  const key = `${granularity} ${locale}`;
  let segmenter = segmenters.get(key);
  if (segmenter === undefined) {
    segmenter = new Intl.Segmenter(locale, { granularity });
    segmenters.set(key, segmenter);
  }
  return [...segmenter.segment(text)];
}
