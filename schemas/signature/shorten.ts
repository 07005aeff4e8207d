// Texts in messages are cut at code points, so that both languages cut alike and no surrogate pair is halved.

export function codePointLength(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      length--;
      i++;
    }
  }
  return length;
}

/** The first `max` code points, with `…` if there were more. */
export function shorten(text: string, max = 80): string {
  if (text.length <= max) return text;
  let units = 0;
  for (let points = 0; points < max; points++) {
    if (units >= text.length) return text;
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return units >= text.length ? text : `${text.slice(0, units)}…`;
}
