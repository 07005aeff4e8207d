// What comes from several sources, one after the other as it came.

export class Arrivals<One> {
  readonly #arrived: One[] = [];
  #wake: (() => void) | undefined;

  put(one: One): void {
    this.#arrived.push(one);
    this.#wake?.();
    this.#wake = undefined;
  }

  /** The next one, or the first that comes. One takes at a time. */
  async take(): Promise<One> {
    for (;;) {
      const one = this.#arrived.shift();
      if (one !== undefined) return one;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
