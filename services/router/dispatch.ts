// Sends work to pools: waits for a place, or is turned away, then appends the work unless the request was answered. Work
// goes to whichever worker of the pool is free first, which is the earliest finish, but for a session's turns: these go to
// the worker that knows the session.

import { DEFAULT_PRIORITY } from "../../schemas/limits.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import type { LogReader } from "../log/read.ts";
import type { AttemptOrder } from "./decide.ts";
import { findWork } from "./duplicates.ts";
import type { RouterFold } from "./fold.ts";
import type { Hand } from "./hand.ts";
import type { Journal } from "./journal.ts";
import { isAlive } from "./load/affinity.ts";
import { poolOf } from "./pool-of.ts";
import type { SessionHistory } from "./session-history.ts";
import type { PoolSlots, PoolWaiter } from "./slots.ts";
import { withDispatchSpan } from "./spans.ts";
import { workOf } from "./work-message.ts";

export interface DispatcherParts {
  slots: PoolSlots;
  journal: Journal;
  claimCheck: ClaimCheck;
  reader: LogReader;
  fold: RouterFold;
  history: SessionHistory;
}

export class Dispatcher {
  readonly #slots: PoolSlots;
  readonly #journal: Journal;
  readonly #claimCheck: ClaimCheck;
  readonly #reader: LogReader;
  readonly #fold: RouterFold;
  readonly #history: SessionHistory;

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
    const waitsAt = performance.now();
    const isAdmitted = await this.#enter(pool, order, hand);
    const waitedMs = performance.now() - waitsAt;
    hand.waitedMs += waitedMs;
    if (!isAdmitted) return hand.aborted ? "unwanted" : "turned-away";
    hand.pool = pool;
    let isSent = false;
    try {
      if (hand.aborted || this.#isSent(order)) return "unwanted";
      const history = await this.#history.of(order, hand);
      if (hand.aborted) return "unwanted";
      const worker = this.#workerOf(order, pool);
      const times = { routeMs: performance.now() - startedAt - waitedMs, waitMs: hand.waitedMs };
      const work = workOf(order, hand.intake, hand.open, times, history, worker);
      const inputs = await this.#claimCheck.shrink(work.inputs, work.user);
      isSent = await withDispatchSpan(order, pool, hand.traceparent, (traceparent) =>
        this.#journal.work({ ...work, inputs }, pool, worker, traceparent, () =>
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

  /** It may have died while the work waited for a place. */
  #workerOf({ worker }: AttemptOrder, pool: string): string | undefined {
    return worker !== undefined && isAlive(this.#fold.state.load, pool, worker) ? worker : undefined;
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
