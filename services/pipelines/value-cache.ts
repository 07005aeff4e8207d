// Values that were read a short while ago, within a number of bytes; those that were not asked for longest go first.

interface Kept<Value> {
  value: Value;
  sizeBytes: number;
}

export class ValueCache<Value> {
  readonly #kept = new Map<string, Kept<Value>>();
  readonly #mostBytes: number;
  #sizeBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get(key: string): Value | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    // To the end of the line.
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.value;
  }

  /** What is larger than all of it together is not kept. */
  set(key: string, value: Value, sizeBytes: number): void {
    this.#forget(key);
    if (sizeBytes > this.#mostBytes) return;
    this.#kept.set(key, { value, sizeBytes });
    this.#sizeBytes += sizeBytes;
    for (const oldest of this.#kept.keys()) {
      if (this.#sizeBytes <= this.#mostBytes) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#sizeBytes -= this.#kept.get(key)?.sizeBytes ?? 0;
    this.#kept.delete(key);
  }
}
