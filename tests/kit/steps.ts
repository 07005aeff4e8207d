// A model that writes a piece when the test says so: what its readers have by then does not depend on how fast anything
// is, nor on what else the machine does.
//
//   const steps = new Steps();
//   model.next(says(WORDS, { before: steps.pass }));        // the first word, and waits
//   for await (const chunk of run.stream()) steps.next();   // one more for each that was read

export class Steps {
  #allowed = 1;
  #changed = Promise.withResolvers<void>();

  /** Resolves when the piece may be written. */
  readonly pass = async (piece: number): Promise<void> => {
    while (piece >= this.#allowed) await this.#changed.promise;
  };

  next(): void {
    this.#allow(this.#allowed + 1);
  }

  /** All that is left, without another word. */
  end(): void {
    this.#allow(Number.POSITIVE_INFINITY);
  }

  #allow(pieces: number): void {
    this.#allowed = pieces;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
