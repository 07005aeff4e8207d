// What waits for a free slot of a pool: by priority, then by log sequence, bounded. Pure data structure.

export interface Waiter {
  /** 0 low … 9 high. */
  priority: number;
  sequence: number;
}

/** Ten queues, one a priority; each is in order of sequence because requests arrive in that order. */
export class WaitingQueue<W extends Waiter> {
  readonly #queues: W[][] = Array.from({ length: 10 }, () => []);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(waiter: W): void {
    const queue = this.#queues[waiter.priority] as W[];
    let at = queue.length;
    while (at > 0 && (queue[at - 1] as W).sequence > waiter.sequence) at--;
    queue.splice(at, 0, waiter);
    this.#size++;
  }

  /** Highest priority, then lowest sequence. */
  shift(): W | undefined {
    for (let priority = 9; priority >= 0; priority--) {
      const waiter = (this.#queues[priority] as W[]).shift();
      if (waiter !== undefined) {
        this.#size--;
        return waiter;
      }
    }
    return undefined;
  }

  /** Lowest priority, then highest sequence: whom to turn away when there are too many. */
  pop(): W | undefined {
    for (const queue of this.#queues) {
      const waiter = queue.pop();
      if (waiter !== undefined) {
        this.#size--;
        return waiter;
      }
    }
    return undefined;
  }

  remove(waiter: W): boolean {
    const queue = this.#queues[waiter.priority] as W[];
    const at = queue.indexOf(waiter);
    if (at < 0) return false;
    queue.splice(at, 1);
    this.#size--;
    return true;
  }
}
