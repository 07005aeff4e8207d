// How much of each pool's work is on its way, and who waits for a place: at most twice a pool's slots are without
// result or failure, counted in the fold and, for what this router has just sent, on top of it.

import { WaitingQueue } from "./waiting.ts";

export interface PoolWaiter {
  id: string;
  attempt: number;
  priority: number;
  sequence: number;
  /** Called with true when there is a place, with false when it was turned away. */
  go: (admitted: boolean) => void;
}

export interface SlotBounds {
  perPool: number;
  total: number;
}

export class PoolSlots {
  readonly #limit: (pool: string) => number;
  readonly #folded: (pool: string) => number;
  readonly #bounds: SlotBounds;
  /** Let in by this router and not yet seen in the log: `id/attempt` → pool. */
  readonly #sent = new Map<string, string>();
  readonly #sentByPool = new Map<string, number>();
  readonly #queues = new Map<string, WaitingQueue<PoolWaiter>>();
  #waiting = 0;

  constructor(limit: (pool: string) => number, folded: (pool: string) => number, bounds: SlotBounds) {
    this.#limit = limit;
    this.#folded = folded;
    this.#bounds = bounds;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Unfinished work of a pool, as this router counts it. */
  inFlight(pool: string): number {
    return this.#folded(pool) + (this.#sentByPool.get(pool) ?? 0);
  }

  /** The same with what waits here for a place. */
  unfinished(pool: string): number {
    return this.inFlight(pool) + (this.#queues.get(pool)?.size ?? 0);
  }

  /** Those of these pools that have any. */
  unfinishedIn(pools: readonly string[]): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const pool of pools) {
      const count = this.unfinished(pool);
      if (count > 0) counts[pool] = count;
    }
    return counts;
  }

  /** Takes a place at once, or waits for one. `go(false)` may come at once, for this or for a lesser one. */
  enter(pool: string, waiter: PoolWaiter): void {
    const queue = this.#queues.get(pool) ?? new WaitingQueue<PoolWaiter>();
    this.#queues.set(pool, queue);
    if (queue.size === 0 && this.inFlight(pool) < this.#limit(pool)) {
      this.#admit(pool, waiter);
      return;
    }
    queue.push(waiter);
    this.#waiting++;
    if (queue.size > this.#bounds.perPool || this.#waiting > this.#bounds.total) {
      const turnedAway = queue.pop();
      if (turnedAway !== undefined) {
        this.#waiting--;
        turnedAway.go(false);
      }
    }
  }

  /** Removes one that waits, because it was answered meanwhile. */
  leave(pool: string, waiter: PoolWaiter): void {
    if (this.#queues.get(pool)?.remove(waiter)) this.#waiting--;
  }

  /** The place is taken at once: the next to ask must not see it free because the work is not written yet. */
  #admit(pool: string, waiter: PoolWaiter): void {
    this.#sent.set(`${waiter.id}/${waiter.attempt}`, pool);
    this.#sentByPool.set(pool, (this.#sentByPool.get(pool) ?? 0) + 1);
    waiter.go(true);
  }

  /** The log has the work now and the fold counts it, or it will never be sent. */
  release(id: string, attempt: number): void {
    const key = `${id}/${attempt}`;
    const pool = this.#sent.get(key);
    if (pool === undefined) return;
    this.#sent.delete(key);
    this.#sentByPool.set(pool, (this.#sentByPool.get(pool) ?? 1) - 1);
  }

  /** Lets in whoever has a place now, in every pool. */
  drainAll(): void {
    if (this.#waiting === 0) return;
    for (const pool of this.#queues.keys()) this.drain(pool);
  }

  /** Lets in whoever has a place in this pool now. */
  drain(pool: string): void {
    const queue = this.#queues.get(pool);
    if (queue === undefined) return;
    while (queue.size > 0 && this.inFlight(pool) < this.#limit(pool)) {
      const waiter = queue.shift() as PoolWaiter;
      this.#waiting--;
      this.#admit(pool, waiter);
    }
  }
}
