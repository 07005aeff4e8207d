// Where in a text JSON may stand: between brackets that match, or from one that is never closed to the end. One pass;
// quotes count only within brackets, because prose has them for other things.

export interface Candidate {
  /** In UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Stands right behind the mark of a code block. */
  readonly isFenced: boolean;
}

type Opener = "{" | "[";
interface Range {
  start: number;
  end: number;
}

const OPENER_OF: Readonly<Record<string, Opener>> = { "}": "{", "]": "[" };
/** What may follow an opening bracket, or it is a sign of prose: the closing one, a value, a name with its colon. */
const OPENS_VALUE =
  /\{[ \t\r\n]{0,1000}(?:["'}]|[A-Za-z_$][A-Za-z0-9_$]{0,100}[ \t\r\n]{0,100}:)|\[[ \t\r\n]{0,1000}(?:["'\]{[0-9-]|true|false|null|True|False|None)/y;
const FENCE = /```[A-Za-z]{0,10}[ \t\r\n]{0,10}$/;
const FENCE_LENGTH = 24;

/** Those that are not within another: fenced ones first, then the longest. */
export function jsonCandidates(text: string): Candidate[] {
  const candidates: Candidate[] = [];
  let reached = 0;
  for (const { start, end } of bracketed(text)) {
    OPENS_VALUE.lastIndex = start;
    if (start < reached || !OPENS_VALUE.test(text)) continue;
    candidates.push({
      start,
      end,
      isFenced: FENCE.test(text.slice(Math.max(0, start - FENCE_LENGTH), start)),
    });
    reached = end;
  }
  const rank = ({ start, end, isFenced }: Candidate): number => (isFenced ? text.length : 0) + end - start;
  return candidates.sort((a, b) => rank(b) - rank(a));
}

/** In the order of their beginnings. */
function bracketed(text: string): Range[] {
  const found: Range[] = [];
  const open: { start: number; opener: Opener }[] = [];
  const count = { "{": 0, "[": 0 };
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    if (isInString) {
      if (sign === "\\") at++;
      else if (sign === '"' || sign === "\n") isInString = false;
    } else if (sign === "{" || sign === "[") {
      open.push({ start: at, opener: sign });
      count[sign]++;
    } else if (sign === '"') {
      isInString = open.length > 0;
    } else if (sign === "}" || sign === "]") {
      const opener = OPENER_OF[sign] as Opener;
      if (count[opener] === 0) continue;
      // What was opened later and not closed was no bracket of JSON.
      for (let last = open.pop(); last !== undefined; last = open.pop()) {
        count[last.opener]--;
        if (last.opener !== opener) continue;
        found.push({ start: last.start, end: at + 1 });
        break;
      }
    }
  }
  for (const { start } of open) found.push({ start, end: text.length });
  return found.sort((a, b) => a.start - b.start);
}
