// One at a time for each run: a decision of it, a signal to it, its cancelling. Who appends beside a decision that is under
// way loses the race for the next place in the log, and a run that is busy would be out of reach.

export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Does the work when all that was asked for before has been done; different keys do not wait for one another. */
  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = before === undefined ? work() : before.then(work);
    const ended = mine.then(
      () => {},
      () => {},
    );
    this.#last.set(key, ended);
    void ended.then(() => {
      if (this.#last.get(key) === ended) this.#last.delete(key);
    });
    return mine;
  }

  /** Resolves when nobody has a turn or waits for one. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }
}
