// What this router has in hand: requests that it took and whose result the log does not show yet.

import { Hand } from "./hand.ts";
import type { Intake } from "./intake.ts";
import type { PoolSlots } from "./slots.ts";
import type { OpenRequest } from "./state.ts";

export class Hands {
  readonly #slots: PoolSlots;
  readonly #byId = new Map<string, Hand>();

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
    this.#byId.delete(hand.open.id);
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
