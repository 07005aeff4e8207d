// Chance from a counter: the same seed and request id give the same number, on every machine and in any order.
// Philox4x32-10 (Salmon et al. 2011) in 32-bit arithmetic, keyed by the seed, counting on a hash of the id.

const MULTIPLIER_A = 0xd2511f53;
const MULTIPLIER_B = 0xcd9e8d57;
const WEYL_A = 0x9e3779b9;
const WEYL_B = 0xbb67ae85;
const ROUNDS = 10;

/** Result of the last `philox`. */
export const block = new Uint32Array(4);

/** Fills `block` with the random bits of this counter under this key. */
export function philox(c0: number, c1: number, c2: number, c3: number, key0: number, key1: number): void {
  let k0 = key0;
  let k1 = key1;
  let [x0, x1, x2, x3] = [c0, c1, c2, c3];
  for (let round = 0; round < ROUNDS; round++) {
    const highA = multiplyHigh(MULTIPLIER_A, x0);
    const lowA = Math.imul(MULTIPLIER_A, x0);
    const highB = multiplyHigh(MULTIPLIER_B, x2);
    const lowB = Math.imul(MULTIPLIER_B, x2);
    x0 = highB ^ x1 ^ k0;
    x1 = lowB;
    x2 = highA ^ x3 ^ k1;
    x3 = lowA;
    k0 = (k0 + WEYL_A) | 0;
    k1 = (k1 + WEYL_B) | 0;
  }
  block[0] = x0;
  block[1] = x1;
  block[2] = x2;
  block[3] = x3;
}

/** A number in [0, 1) with 53 random bits. `seed` is an integer below 2^53. */
export function uniform(seed: number, requestId: string): number {
  philox(
    hash(requestId, 0),
    hash(requestId, 0x5bd1e995),
    requestId.length,
    0,
    seed | 0,
    (seed / 4_294_967_296) | 0,
  );
  return (((block[0] as number) >>> 5) * 67_108_864 + ((block[1] as number) >>> 6)) / 9_007_199_254_740_992;
}

/** Upper half of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65_536) + Math.floor(other / 65_536)) | 0;
}

/** Murmur3 over the UTF-16 code units, 32 bits. */
function hash(text: string, seed: number): number {
  let h = seed;
  for (let at = 0; at < text.length; at++) {
    let k = Math.imul(text.charCodeAt(at), 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h ^= text.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
