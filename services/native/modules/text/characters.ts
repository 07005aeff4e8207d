// Texts as Python sees them: its white space, its words, its lower case and its case folding. JavaScript agrees on lower
// case and on normal forms; what differs is here, so that both languages tell words and answers alike.

/** `str.isspace()`: without the byte order mark that `\s` has here, with the four separators of ASCII and NEL. */
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SPACES = new RegExp(`[${SPACE}]+`, "u");
const SPACES_AT_START = new RegExp(`^[${SPACE}]+`, "u");
const SPACES_AT_END = new RegExp(`[${SPACE}]+$`, "u");
/** `\w` of Python's `re`: letters, numbers and `_`; no marks. */
export const WORD_CLASS = "\\p{L}\\p{N}_";
const WORD = new RegExp(`[${WORD_CLASS}]+`, "gu");
/** Code points that fold otherwise than lower → upper → lower: dotless i stays, Cherokee folds to capitals. */
const FOLDS_OTHERWISE = /[\u0131\p{Script=Cherokee}]/u;

/** `text.split()`: what stands between white space. */
export function splitSpaces(text: string): string[] {
  const parts = text.split(SPACES);
  if (parts[0] === "") parts.shift();
  if (parts.at(-1) === "") parts.pop();
  return parts;
}

/** `text.strip()` */
export function stripSpaces(text: string): string {
  return stripSpacesAtEnd(text.replace(SPACES_AT_START, ""));
}

/** `text.rstrip()` */
export function stripSpacesAtEnd(text: string): string {
  // From the end: a search from the start tries again at every space within.
  let end = text.length;
  while (end > 0 && SPACES_AT_END.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** `re.findall(r"\w+", text)` */
export function wordsIn(text: string): string[] {
  return text.match(WORD) ?? [];
}

/** `text.casefold()`: more than lower case, `ß` becomes `ss`. */
export function caseFold(text: string): string {
  // In ASCII both are the same, and that is most texts.
  if (isAscii(text)) return text.toLowerCase();
  let folded = "";
  for (const point of text) folded += foldPoint(point);
  return folded;
}

function foldPoint(point: string): string {
  if (FOLDS_OTHERWISE.test(point)) return point === "\u0131" ? point : point.toUpperCase();
  let upper = "";
  for (const one of point.toLowerCase()) upper += one.toUpperCase();
  return upper.toLowerCase();
}

export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false;
  return true;
}

/** Code points, as Python counts. */
export function codePointCount(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(at + 1);
    if (next >= 0xdc00 && next <= 0xdfff) {
      count--;
      at++;
    }
  }
  return count;
}

/** Places in code points, as Python counts them, by places in UTF-16, as strings are counted here. */
export function codePointPlaces(text: string): (place: number) => number {
  const count = codePointCount(text);
  if (count === text.length) return (place) => place;
  /** Of the second units of pairs. */
  const seconds = new Uint32Array(text.length - count);
  let found = 0;
  let at = 0;
  for (const point of text) {
    if (point.length === 2) seconds[found++] = at + 1;
    at += point.length;
  }
  return (place) => {
    let low = 0;
    let high = seconds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((seconds[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    return place - low;
  };
}
