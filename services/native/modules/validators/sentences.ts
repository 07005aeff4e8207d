// A text's sentences with their places: they end at . ! ? … before white space, unless the next letter is a small one or
// the word is a known abbreviation, and at the end of a line. Marks of sources behind the full stop belong to it.

export interface Sentence {
  readonly text: string;
  /** In UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

const ENDS = new Set([".", "!", "?", "…", "。", "！", "？"]);
const CLOSERS = new Set(['"', "'", "”", "’", "»", ")", "]"]);
const ABBREVIATIONS = new Set(
  "e.g i.e cf vs dr mr mrs ms prof st no nr fig eq al approx ca z.b d.h u.a bzw evtl ggf inkl jr sr inc ltd".split(
    " ",
  ),
);
const SPACE = /\s/;
const SMALL_LETTER = /\p{Ll}/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
const MARK = /[ \t]{0,2}\[\^?[0-9]{1,4}(?:[ ]?[,\u2013-][ ]?[0-9]{1,4}){0,19}\]/y;
const LAST_WORD = 12;

export function sentencesOf(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    const sign = text.charAt(at);
    if (sign === "\n") {
      add(sentences, text, start, at);
      start = ++at;
    } else if (ENDS.has(sign)) {
      const end = endBehind(text, at);
      if (isEnd(text, at, end)) {
        add(sentences, text, start, end);
        start = end;
      }
      at = end;
    } else at++;
  }
  add(sentences, text, start, text.length);
  return sentences;
}

/** Behind all signs that end, what closes, and marks of sources. */
function endBehind(text: string, from: number): number {
  let at = from;
  while (ENDS.has(text.charAt(at))) at++;
  while (CLOSERS.has(text.charAt(at))) at++;
  for (;;) {
    MARK.lastIndex = at;
    if (!MARK.test(text)) return at;
    at = MARK.lastIndex;
  }
}

function isEnd(text: string, sign: number, end: number): boolean {
  if (end >= text.length) return true;
  const isWide = text.charCodeAt(sign) > 0x3000;
  if (!isWide && !SPACE.test(text.charAt(end))) return false;
  if (text.charAt(sign) !== "." || text.charAt(sign + 1) === ".") return true;
  const word =
    text
      .slice(Math.max(0, sign - LAST_WORD), sign)
      .split(/[\s("'\u201c]/)
      .at(-1) ?? "";
  // An initial, or an abbreviation.
  if (/^\p{Lu}$/u.test(word) || ABBREVIATIONS.has(word.toLowerCase())) return false;
  let next = end;
  while (next < text.length && next < end + 2 && SPACE.test(text.charAt(next))) next++;
  return !SMALL_LETTER.test(text.charAt(next));
}

function add(sentences: Sentence[], text: string, from: number, to: number): void {
  let [start, end] = [from, to];
  while (start < end && SPACE.test(text.charAt(start))) start++;
  while (end > start && SPACE.test(text.charAt(end - 1))) end--;
  const sentence = text.slice(start, end);
  if (LETTER_OR_DIGIT.test(sentence)) sentences.push({ text: sentence, start, end });
}
