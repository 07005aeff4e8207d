// Sends work to pools: waits for a place, or is turned away, then appends the work unless the request was answered.

import { DspexError } from "../../schemas/errors.ts";
import { DEFAULT_PRIORITY } from "../../schemas/limits.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import type { LogReader } from "../log/read.ts";
import type { Answers } from "./answers.ts";
import type { AttemptOrder } from "./decide.ts";
import { findWork } from "./duplicates.ts";
import type { RouterFold } from "./fold.ts";
import type { Hand } from "./hand.ts";
import type { Journal } from "./journal.ts";
import type { PoolSlots, PoolWaiter } from "./slots.ts";
import { withDispatchSpan } from "./spans.ts";
import { workOf } from "./work-message.ts";

const OVERLOADED_RETRY_MS = 1_000;

export interface DispatcherParts {
  slots: PoolSlots;
  journal: Journal;
  claimCheck: ClaimCheck;
  answers: Answers;
  reader: LogReader;
  fold: RouterFold;
}

export class Dispatcher {
  readonly #slots: PoolSlots;
  readonly #journal: Journal;
  readonly #claimCheck: ClaimCheck;
  readonly #answers: Answers;
  readonly #reader: LogReader;
  readonly #fold: RouterFold;

  constructor({ slots, journal, claimCheck, answers, reader, fold }: DispatcherParts) {
    this.#slots = slots;
    this.#journal = journal;
    this.#claimCheck = claimCheck;
    this.#answers = answers;
    this.#reader = reader;
    this.#fold = fold;
  }

  /** Resolves when the work is stored, or the request was answered instead. */
  async dispatch(order: AttemptOrder, hand: Hand, startedAt: number): Promise<void> {
    const pool = poolOf(order);
    const isAdmitted = await this.#enter(pool, order, hand);
    if (!isAdmitted) {
      if (hand.aborted) return;
      const error = new DspexError("overloaded", `pool "${pool}" has too much waiting`, {
        retryAfterMs: OVERLOADED_RETRY_MS,
      });
      await this.#answers.fail(hand, error, order.definition, order.decision, performance.now() - startedAt);
      return;
    }
    hand.pool = pool;
    let isSent = false;
    try {
      if (hand.aborted || this.#isSent(order)) return;
      const work = workOf(order, hand.intake, hand.open, performance.now() - startedAt);
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
  }

  /** Another router had the same message while this one waited for a place. */
  #isSent({ id, attempt }: AttemptOrder): boolean {
    const open = this.#fold.state.open.get(id);
    return open !== undefined && (open.running?.attempt === attempt || open.attempts.length >= attempt);
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

function poolOf({ implementation }: AttemptOrder): string {
  return implementation.kind === "dspy" || implementation.kind === "python" ? implementation.pool : "native";
}
