// SimHash (Charikar 2002): 64 bits of a text of which few differ where few words do. For an index of texts that are not at
// hand any more: unlike MinHash it is one number.

import { hash32 } from "./hash.ts";
import { searchWords } from "./search-words.ts";

const BITS = 64;

export function simHash(text: string): bigint {
  const votes = new Int32Array(BITS);
  for (const word of searchWords(text)) {
    const halves = [hash32(word, 1), hash32(word, 2)];
    for (let bit = 0; bit < BITS; bit++) {
      const isSet = ((halves[bit >> 5] as number) >>> (bit & 31)) & 1;
      votes[bit] = (votes[bit] as number) + (isSet === 1 ? 1 : -1);
    }
  }
  return votes.reduce((hash, vote, bit) => (vote > 0 ? hash | (1n << BigInt(bit)) : hash), 0n);
}

/** Bits that differ: of 64, about 32 between texts that have nothing in common, 3 or fewer between near duplicates. */
export function hammingDistance(one: bigint, other: bigint): number {
  let rest = one ^ other;
  let count = 0;
  for (; rest > 0n; rest &= rest - 1n) count++;
  return count;
}
