// When to look whether an attempt takes too long. A timer only raises the question; the log decides what is still open.

export class HedgeTimers {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** One a request: a second one for it would replace the first. */
  set(id: string, afterMs: number, look: () => void): void {
    this.clear(id);
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      look();
    }, afterMs);
    this.#timers.set(id, timer.unref());
  }

  clear(id: string): void {
    const timer = this.#timers.get(id);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#timers.delete(id);
  }

  get size(): number {
    return this.#timers.size;
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
