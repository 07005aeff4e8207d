// The best k of many scores without sorting them all: a heap with the worst of the best on top. Of equal scores the lower
// index is the better one, so that the result does not depend on the order of offers.

export interface Scored {
  index: number;
  score: number;
}

export class TopK {
  readonly #k: number;
  readonly #heap: Scored[] = [];

  constructor(k: number) {
    this.#k = k;
  }

  offer(score: number, index: number): void {
    const heap = this.#heap;
    if (heap.length < this.#k) {
      heap.push({ index, score });
      this.#rise(heap.length - 1);
      return;
    }
    const worst = heap[0];
    if (worst === undefined || !isBetter(score, index, worst)) return;
    heap[0] = { index, score };
    this.#sink();
  }

  /** Best first. */
  sorted(): Scored[] {
    return [...this.#heap].sort((a, b) => b.score - a.score || a.index - b.index);
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isWorse(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.#heap.length) return;
      const right = left + 1;
      const worse = right < this.#heap.length && this.#isWorse(right, left) ? right : left;
      if (!this.#isWorse(worse, at)) return;
      this.#swap(worse, at);
      at = worse;
    }
  }

  #isWorse(one: number, other: number): boolean {
    const { score, index } = this.#heap[other] as Scored;
    return isBetter(score, index, this.#heap[one] as Scored);
  }

  #swap(one: number, other: number): void {
    const kept = this.#heap[one] as Scored;
    this.#heap[one] = this.#heap[other] as Scored;
    this.#heap[other] = kept;
  }
}

function isBetter(score: number, index: number, than: Scored): boolean {
  return score > than.score || (score === than.score && index < than.index);
}
