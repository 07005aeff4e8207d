// How often each n-gram occurs in each of several lists of words or characters, for n = 1, 2, …. Grams are numbered as they
// are met: one of n + 1 is the pair of one of n and what follows it, so that no text is put together and compared.

export interface GramOrder {
  /** By list: the count of each gram by its number. */
  counts: readonly Int32Array[];
  /** By list: how many grams it has. */
  totals: readonly number[];
}

export function gramOrders(lists: readonly (readonly string[])[], orders: number): GramOrder[] {
  const names = new Map<string, number>();
  const firsts = lists.map((items) => Int32Array.from(items, (item) => numberOf(names, item)));
  const found = [countedBy(firsts, names.size)];
  let grams = firsts;
  for (let n = 2; n <= orders; n++) {
    const numbers = new Map<number, number>();
    grams = grams.map((before, list) => {
      const items = firsts[list] as Int32Array;
      const longer = new Int32Array(Math.max(0, before.length - 1));
      for (let at = 0; at < longer.length; at++) {
        const pair = (before[at] as number) * names.size + (items[at + n - 1] as number);
        longer[at] = numberOf(numbers, pair);
      }
      return longer;
    });
    found.push(countedBy(grams, numbers.size));
  }
  return orders === 0 ? [] : found;
}

/** How many grams two lists share, each as often as both have it. */
export function sharedGrams(one: Int32Array, other: Int32Array): number {
  let sum = 0;
  for (let gram = 0; gram < one.length; gram++) {
    sum += Math.min(one[gram] as number, other[gram] as number);
  }
  return sum;
}

function numberOf<Key>(numbers: Map<Key, number>, key: Key): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

function countedBy(lists: readonly Int32Array[], size: number): GramOrder {
  const counts = lists.map((grams) => {
    const count = new Int32Array(size);
    for (const gram of grams) count[gram] = (count[gram] as number) + 1;
    return count;
  });
  return { counts, totals: lists.map(({ length }) => length) };
}
