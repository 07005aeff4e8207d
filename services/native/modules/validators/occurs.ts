// Where a text occurs in another, in time linear in both: the engine's own search is faster on ordinary texts and
// quadratic on periodic ones, so it is used where that can do no harm.

const HARMLESS = 10_000_000;

/** The first place from `from` on, or -1. */
export function indexOfLinear(text: string, part: string, from: number): number {
  if (part.length * (text.length - from) <= HARMLESS) return text.indexOf(part, from);
  const borders = bordersOf(part);
  let matched = 0;
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = borders[matched - 1] as number;
    if (part.charCodeAt(matched) === unit) matched++;
    if (matched === part.length) return at - matched + 1;
  }
  return -1;
}

/** Of each front of the part, how much of its end is also its beginning (Knuth, Morris and Pratt). */
function bordersOf(part: string): Int32Array {
  const borders = new Int32Array(part.length);
  let matched = 0;
  for (let at = 1; at < part.length; at++) {
    const unit = part.charCodeAt(at);
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = borders[matched - 1] as number;
    if (part.charCodeAt(matched) === unit) matched++;
    borders[at] = matched;
  }
  return borders;
}
