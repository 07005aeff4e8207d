// Sends work to pools: waits for a place, or is turned away, then appends the work unless the request was answered. All
// work goes to whichever worker of the pool is free first: within a pool that is the earliest finish.

import { DEFAULT_PRIORITY } from "../../schemas/limits.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import type { LogReader } from "../log/read.ts";
import { type HistoryBounds, historyOf } from "../sessions/history.ts";
import type { HistoryTurn } from "../sessions/turns.ts";
import type { AttemptOrder } from "./decide.ts";
import { findWork } from "./duplicates.ts";
import type { RouterFold } from "./fold.ts";
import type { Hand } from "./hand.ts";
import type { Journal } from "./journal.ts";
import { poolOf } from "./pool-of.ts";
import type { PoolSlots, PoolWaiter } from "./slots.ts";
import { withDispatchSpan } from "./spans.ts";
import { workOf } from "./work-message.ts";

export interface DispatcherParts {
  slots: PoolSlots;
  journal: Journal;
  claimCheck: ClaimCheck;
  reader: LogReader;
  fold: RouterFold;
  /** How much of a session's history goes along. */
  history: HistoryBounds;
}

export class Dispatcher {
  readonly #slots: PoolSlots;
  readonly #journal: Journal;
  readonly #claimCheck: ClaimCheck;
  readonly #reader: LogReader;
  readonly #fold: RouterFold;
  readonly #history: HistoryBounds;

  constructor({ slots, journal, claimCheck, reader, fold, history }: DispatcherParts) {
    this.#history = history;
    this.#slots = slots;
    this.#journal = journal;
    this.#claimCheck = claimCheck;
    this.#reader = reader;
    this.#fold = fold;
  }

  /** Resolves when the work is stored, the pool has too much waiting, or nobody waits for it any more. */
  async dispatch(
    order: AttemptOrder,
    hand: Hand,
    startedAt: number,
  ): Promise<"sent" | "turned-away" | "unwanted"> {
    const pool = poolOf(order.implementation);
    const isAdmitted = await this.#enter(pool, order, hand);
    if (!isAdmitted) return hand.aborted ? "unwanted" : "turned-away";
    hand.pool = pool;
    let isSent = false;
    try {
      if (hand.aborted || this.#isSent(order)) return "unwanted";
      const history = await this.#historyOf(order, hand);
      if (hand.aborted) return "unwanted";
      const work = workOf(order, hand.intake, hand.open, performance.now() - startedAt, history);
      const inputs = await this.#claimCheck.shrink(work.inputs, work.user);
      isSent = await withDispatchSpan(order, pool, hand.traceparent, (traceparent) =>
        this.#journal.work({ ...work, inputs }, pool, undefined, traceparent, () =>
          findWork(order.id, order.attempt, this.#reader, this.#fold),
        ),
      );
    } finally {
      if (!isSent) {
        this.#slots.release(order.id, order.attempt);
        this.#slots.drain(pool);
      }
    }
    return isSent ? "sent" : "unwanted";
  }

  /** What was said in the session before: it is this request's turn, so all of it is in the log. */
  #historyOf({ options }: AttemptOrder, { open: { user } }: Hand): Promise<HistoryTurn[]> | undefined {
    const { session } = options;
    if (session === undefined) return undefined;
    return historyOf(this.#fold.state.sessions, this.#reader, { user, session }, this.#history);
  }

  /** Another router had the same message while this one waited for a place. */
  #isSent({ id, attempt }: AttemptOrder): boolean {
    const open = this.#fold.state.open.get(id);
    const isIt = (one: { attempt: number }) => one.attempt >= attempt;
    return open !== undefined && (open.running.some(isIt) || open.attempts.some(isIt));
  }

  /** True when there is a place, perhaps after a while; false when it was turned away or is no longer wanted. */
  #enter(pool: string, order: AttemptOrder, hand: Hand): Promise<boolean> {
    const place = Promise.withResolvers<boolean>();
    const waiter: PoolWaiter = {
      id: order.id,
      attempt: order.attempt,
      priority: order.options.priority ?? DEFAULT_PRIORITY,
      sequence: hand.open.sequence,
      go: (isAdmitted) => {
        hand.waiting = undefined;
        place.resolve(isAdmitted);
      },
    };
    hand.waiting = { pool, waiter };
    this.#slots.enter(pool, waiter);
    // Set still: it waits.
    if (hand.waiting !== undefined)
      hand.signal.addEventListener("abort", () => place.resolve(false), { once: true });
    return place.promise;
  }
}
