// Whether the in-flight counts that decisions recorded agree with the log. A router counts what its fold shows, and on
// top of it its own decisions that the log does not show yet: never less than the first, rarely more than both.

import type { RecordedDecisions } from "./recorded.ts";

export class InFlightCheck {
  /** Counted less than the state has: no router does that. */
  tooFew = 0;
  /**
   * Counted more than the state and its router's own decisions under way. It happens: work that was to be sent, and
   * was refused because a result was there first, is in no log.
   */
  unexplained = 0;
  readonly #recorded: RecordedDecisions;
  /** Decisions that are taken and whose messages the log does not show yet, by router. */
  readonly #underWay = new Map<string, number>();
  /** Decisions are recorded in the order of their messages. */
  #nextMessage = 0;

  constructor(recorded: RecordedDecisions) {
    this.#recorded = recorded;
  }

  /** The state has reached this decision. */
  decided(index: number): void {
    this.#count(this.#recorded.at(index).router, 1);
  }

  /** All messages before `sequence` are folded. */
  passed(sequence: number): void {
    for (; this.#nextMessage < this.#recorded.length; this.#nextMessage++) {
      const { messageSequence, router } = this.#recorded.at(this.#nextMessage);
      if (messageSequence >= sequence) return;
      this.#count(router, -1);
    }
  }

  /** `folded` as of the decision's state. False when it counted too few. */
  check(index: number, folded: ReadonlyMap<string, number>): boolean {
    const { inFlight, router } = this.#recorded.at(index);
    let more = 0;
    for (const [pool, counted] of Object.entries(inFlight)) {
      const own = counted - (folded.get(pool) ?? 0);
      if (own < 0) {
        this.tooFew++;
        return false;
      }
      more += own;
    }
    if (more > (this.#underWay.get(router) ?? 0)) this.unexplained++;
    return true;
  }

  #count(router: string, by: number): void {
    this.#underWay.set(router, (this.#underWay.get(router) ?? 0) + by);
  }
}
