// Whether looking at a value takes long enough that it had better be done where nobody else waits.

/** Characters that one value costs beside those in it. */
const EACH_VALUE = 16;

/** Stops as soon as it knows. */
export function isLongerThan(value: unknown, characters: number): boolean {
  let left = characters;
  // A stack of its own: a value may be nested deeper than calls can be.
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const one = waiting.pop();
    left -= EACH_VALUE;
    if (typeof one === "string") left -= one.length;
    if (left < 0) return true;
    if (Array.isArray(one)) for (const item of one) waiting.push(item);
    else if (typeof one === "object" && one !== null)
      for (const member of Object.values(one)) waiting.push(member);
    if (waiting.length * EACH_VALUE > left) return true;
  }
  return false;
}
