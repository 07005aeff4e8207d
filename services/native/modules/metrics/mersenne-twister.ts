// Chance that can be had again, the same as Python's `random.Random(seed)` (MT19937, Matsumoto and Nishimura 1998): a
// bootstrap here draws what a bootstrap there draws.

const SIZE = 624;
const MIDDLE = 397;

export class MersenneTwister {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  /** @param seed a whole number below 2³². */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = 19_650_218;
    for (let at = 1; at < SIZE; at++)
      state[at] = Math.imul(1_812_433_253, mixed(state[at - 1] as number)) + at;
    let at = 1;
    // Seeded by a list of one number, as Python does: its place in the list is 0.
    for (let round = 0; round < SIZE; round++) {
      state[at] = ((state[at] as number) ^ Math.imul(mixed(state[at - 1] as number), 1_664_525)) + seed;
      at = this.#wrapped(at + 1);
    }
    for (let round = 0; round < SIZE - 1; round++) {
      state[at] = ((state[at] as number) ^ Math.imul(mixed(state[at - 1] as number), 1_566_083_941)) - at;
      at = this.#wrapped(at + 1);
    }
    state[0] = 0x80000000;
  }

  /** In [0, 1), 53 bits. */
  random(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  #wrapped(at: number): number {
    if (at < SIZE) return at;
    this.#state[0] = this.#state[SIZE - 1] as number;
    return 1;
  }

  #word(): number {
    if (this.#next === SIZE) this.#twist();
    let word = this.#state[this.#next++] as number;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let at = 0; at < SIZE; at++) {
      const joined = ((state[at] as number) & 0x80000000) | ((state[(at + 1) % SIZE] as number) & 0x7fffffff);
      state[at] = (state[(at + MIDDLE) % SIZE] as number) ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

function mixed(word: number): number {
  return word ^ (word >>> 30);
}
