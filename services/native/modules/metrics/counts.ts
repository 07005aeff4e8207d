// Multisets: how often each thing occurs, and how many two of them share.

export type Counts = Map<string, number>;

export function countsOf(items: Iterable<string>): Counts {
  const counts: Counts = new Map();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

/** Size of the intersection, each item as often as both have it. */
export function shared(one: Counts, other: Counts): number {
  const [small, large] = one.size <= other.size ? [one, other] : [other, one];
  let sum = 0;
  for (const [item, count] of small) sum += Math.min(count, large.get(item) ?? 0);
  return sum;
}

/** Runs of `n` tokens, each as one text. Tokens have no space in them. */
export function nGrams(tokens: readonly string[], n: number): string[] {
  if (n === 1) return [...tokens];
  const grams: string[] = [];
  for (let at = 0; at + n <= tokens.length; at++) {
    let gram = tokens[at] as string;
    for (let next = at + 1; next < at + n; next++) gram += ` ${tokens[next]}`;
    grams.push(gram);
  }
  return grams;
}
