// What this router has in hand: requests that it took and whose result the log does not show yet.

import { Hand } from "./hand.ts";
import type { Intake } from "./intake.ts";
import type { PoolSlots } from "./slots.ts";
import type { OpenRequest } from "./state.ts";

/** More than are on their way to the log and back at once. */
const RELEASED_KEPT = 256;

export class Hands {
  readonly #slots: PoolSlots;
  readonly #byId = new Map<string, Hand>();
  /** Ids of those that were answered here last, and their attempts. */
  readonly #released: string[] = [];
  readonly #releasedAttempts: number[] = [];
  #next = 0;

  constructor(slots: PoolSlots) {
    this.#slots = slots;
  }

  hold(open: OpenRequest, intake: Intake, cause?: string): Hand {
    const hand = new Hand(open, intake, cause);
    this.#byId.set(open.id, hand);
    return hand;
  }

  get(id: string): Hand | undefined {
    return this.#byId.get(id);
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Its result is stored. */
  release(hand: Hand): void {
    const { open, attempt } = hand;
    this.#byId.delete(open.id);
    this.#released[this.#next] = open.id;
    this.#releasedAttempts[this.#next] = attempt;
    this.#next = (this.#next + 1) % RELEASED_KEPT;
  }

  /** Whether this router has begun that attempt; of requests that it has answered only the newest are known. */
  made(id: string, attempt: number | undefined): boolean {
    if (attempt === undefined) return false;
    const hand = this.#byId.get(id);
    if (hand !== undefined) return hand.attempt === attempt || hand.hedge === attempt;
    const at = this.#released.indexOf(id);
    return at >= 0 && this.#releasedAttempts[at] === attempt;
  }

  /** The log has a result: whatever is still done for it is for nothing. */
  answered(id: string): void {
    const hand = this.#byId.get(id);
    if (hand === undefined) return;
    this.#byId.delete(id);
    this.letGo(hand);
  }

  /** Stops what is done for it here. */
  letGo(hand: Hand): void {
    if (hand.waiting !== undefined) this.#slots.leave(hand.waiting.pool, hand.waiting.waiter);
    hand.abort();
  }
}
