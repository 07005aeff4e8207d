// Chance that can be had again: a seeded generator, so that a failing run is repeated by its seed.

/** `DSPEX_TEST_SEED` repeats a run; else `usual`, or a new seed, which the test prints. */
export function chooseSeed(usual: number = Math.floor(Math.random() * 2 ** 31)): number {
  const given = process.env.DSPEX_TEST_SEED;
  return given === undefined ? usual : Number(given);
}

export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1); mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [from, to). */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.between(0, items.length)] as T;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.between(0, 256));
  }
}
