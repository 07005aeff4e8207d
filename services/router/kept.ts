// A few things that are kept until somebody fetches them, the newest ones. A ring tells the oldest: to ask a Map for it
// costs a look at each entry that was taken out before.

export class Kept<Key, Value> {
  readonly #values = new Map<Key, Value>();
  readonly #most: number;
  readonly #ring: Key[] = [];
  #next = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#values.size;
  }

  /** Each key once. */
  keep(key: Key, value: Value): void {
    if (this.#ring.length === this.#most) this.#values.delete(this.#ring[this.#next] as Key);
    this.#ring[this.#next] = key;
    this.#next = (this.#next + 1) % this.#most;
    this.#values.set(key, value);
  }

  take(key: Key): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.#values.delete(key);
    return value;
  }
}
