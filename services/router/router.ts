// The shell of the router: takes requests and failures from the log, asks `decide`, and does what it says.
//
//   1 a delivery arrives          4 decide: answer now, run here, or send to a pool
//   2 wait until the fold passed  5 store what follows (result or work), conditional on there being no result
//   3 first of its id? else stop  6 acknowledge

import type { Logger } from "pino";
import { failSpan } from "../../observability/mod.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import { DEFAULT_PRIORITY } from "../../schemas/limits.ts";
import { type AttemptFailed, attemptFailedSchema } from "../../schemas/messages/attempt-failed.ts";
import { cancelRequestedSchema } from "../../schemas/messages/request-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import {
  ALL_WORK,
  ATTEMPT_FAILED_SUBJECT,
  controlSubject,
  parseLogSubject,
  resultSubject,
} from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import type { LogReader } from "../log/read.ts";
import type { Delivery } from "../log/work.ts";
import type { RouterConfig } from "./config.ts";
import { DeadlineWheel } from "./deadline-wheel.ts";
import {
  type AttemptOrder,
  decideFailure,
  decideRequest,
  type RouterAbilities,
  type RouterAction,
} from "./decide.ts";
import type { RouterEvent } from "./event.ts";
import type { RouterFold } from "./fold.ts";
import { Hand } from "./hand.ts";
import type { InlineAttempt } from "./inline-attempt.ts";
import { type Intake, readIntake } from "./intake.ts";
import type { Journal } from "./journal.ts";
import { hashOf, type Outcome, resultOf } from "./result-message.ts";
import { PoolSlots, type PoolWaiter } from "./slots.ts";
import type { OpenRequest } from "./state.ts";
import { workOf } from "./work-message.ts";

export interface RouterParts {
  connection: NatsConnection;
  fold: RouterFold;
  journal: Journal;
  reader: LogReader;
  claimCheck: ClaimCheck;
  inline: InlineAttempt;
  abilities: RouterAbilities;
  config: RouterConfig;
  logger: Logger;
}

/** Default slots of a pool that no setting names. */
const UNKNOWN_POOL_SLOTS = 4;
/** Other routers give the one that took a request this much time to answer its deadline first, ms. */
const DEADLINE_COURTESY_MS = 1_000;
const OVERLOADED_RETRY_MS = 1_000;

export class Router {
  readonly #parts: RouterParts;
  readonly #slots: PoolSlots;
  readonly #deadlines = new DeadlineWheel(Date.now());
  readonly #hands = new Map<string, Hand>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    const { config, fold } = parts;
    this.#slots = new PoolSlots(
      (pool) => 2 * (config.poolSlots[pool] ?? UNKNOWN_POOL_SLOTS),
      (pool) => fold.state.inFlight.get(pool) ?? 0,
      { perPool: config.waitingPerPool, total: config.waitingTotal },
    );
    this.#timer = setInterval(() => this.#answerDeadlines(), 50).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Takes up the deadlines of what was open in a snapshot. */
  resume(): void {
    for (const open of this.#parts.fold.state.open.values()) this.#deadlines.add(open.id, open.deadlineAtMs);
  }

  /** Follows up on what the fold has just taken in. `closed`: the request that this event ended. */
  onEvent(event: RouterEvent, closed: OpenRequest | undefined): void {
    switch (event.kind) {
      case "request":
        if (this.#parts.fold.state.open.get(event.intake.id)?.sequence === event.sequence) {
          this.#deadlines.add(event.intake.id, event.intake.deadlineAtMs);
        }
        return;
      case "work":
        this.#slots.release(event.work.id, event.work.attempt);
        return;
      case "attempt-failed":
        this.#slots.drain(event.failed.pool);
        return;
      case "result":
        if (closed !== undefined) this.#deadlines.remove(closed.id, closed.deadlineAtMs);
        this.#answered(event.id);
        this.#slots.drainAll();
        return;
      default:
        return;
    }
  }

  /** Handles a delivered request. Resolves when what follows from it is stored. */
  handleRequest(delivery: Delivery): Promise<void> {
    const passed = this.#parts.fold.passed(delivery.sequence);
    return passed === undefined
      ? this.#takeRequest(delivery)
      : passed.then(() => this.#takeRequest(delivery));
  }

  async #takeRequest(delivery: Delivery): Promise<void> {
    const startedAt = performance.now();
    const { fold } = this.#parts;
    const subject = parseLogSubject(delivery.subject);
    if (subject.kind !== "request") return;
    const intake = fold.takeIntake(delivery.sequence) ?? readIntake(subject.user, subject.program, delivery);
    if (delivery.deliveries > 1) await this.#catchUpWithTheDead(intake.id);
    const open = fold.state.open.get(intake.id);
    if (open === undefined || open.sequence !== delivery.sequence) {
      if (!(await this.#isFirst(intake, open))) return;
    } else if (open.work.length > 0) {
      return;
    }
    const known = open ?? unseenOpen(intake);
    const hand = this.#hold(known, intake);
    const action = decideRequest(fold.state, intake, this.#inFlight(), this.#parts.abilities);
    if (intake.refused && intake.error !== undefined) {
      await this.#parts.journal.refused({
        id: intake.id,
        requestSequence: intake.sequence,
        error: intake.error.toWire(),
      });
    }
    await this.#perform(action, hand, startedAt);
  }

  /** Handles a failure or a cancellation. */
  async handleEvent(delivery: Delivery): Promise<void> {
    await this.#parts.fold.passed(delivery.sequence);
    const data = (delivery.json() as CloudEvent<unknown>).data;
    if (delivery.subject === ATTEMPT_FAILED_SUBJECT)
      await this.#afterFailure(attemptFailedSchema.parse(data));
    else await this.#cancel(cancelRequestedSchema.parse(data).id);
  }

  async #afterFailure(failed: AttemptFailed): Promise<void> {
    const startedAt = performance.now();
    const open = this.#parts.fold.state.open.get(failed.id);
    // Answered meanwhile, or somebody has taken the next step already.
    if (open === undefined || open.running !== undefined || open.lastFailure?.attempt !== failed.attempt)
      return;
    const stored = await this.#parts.reader.at(open.sequence);
    if (stored === null) return;
    const intake = readIntake(open.user, open.program, stored);
    const hand = this.#hold(open, intake);
    await this.#perform(
      decideFailure(this.#parts.fold.state, open, failed, intake, this.#inFlight(), this.#parts.abilities),
      hand,
      startedAt,
    );
  }

  async #perform(action: RouterAction, hand: Hand, startedAt: number): Promise<void> {
    try {
      await this.#follow(action, hand, startedAt);
    } finally {
      hand.span.end();
    }
  }

  async #follow(action: RouterAction, hand: Hand, startedAt: number): Promise<void> {
    if (action.kind === "fail") {
      failSpan(hand.span, action.error);
      await this.#answer(hand, {
        status: action.error.code === "cancelled" ? "cancelled" : "failed",
        error: action.error.toWire(),
        version: action.definition?.version,
        decision: action.decision,
        routeMs: performance.now() - startedAt,
        runMs: 0,
        nowMs: Date.now(),
      });
      return;
    }
    if (action.delayMs > 0) await pause(action.delayMs, hand.signal);
    if (hand.aborted) return;
    const { order } = action;
    if (order.implementation.kind === "native") await this.#runNative(order, hand, startedAt);
    else await this.#dispatch(order, poolOf(order), hand, startedAt);
  }

  async #runNative(order: AttemptOrder, hand: Hand, startedAt: number): Promise<void> {
    const { journal, inline } = this.#parts;
    const routeMs = performance.now() - startedAt;
    const ran = inline.run(order, hand);
    const outcome = ran instanceof Promise ? await ran : ran;
    if ("failed" in outcome) {
      if (hand.aborted) return;
      await journal.attemptFailed(
        { ...outcome.failed, plan: order.plan, requestSequence: hand.open.sequence, workSequence: 0 },
        hand.traceparent,
      );
      return;
    }
    await this.#answer(hand, {
      status: "succeeded",
      outputs: outcome.outputs,
      version: order.definition.version,
      implementation: order.implementation.name,
      attempt: outcome.attempt,
      decision: order.decision,
      fallbackReason: order.fallbackReason,
      routeMs,
      runMs: outcome.attempt.durationMs,
      nowMs: Date.now(),
    });
  }

  async #dispatch(order: AttemptOrder, pool: string, hand: Hand, startedAt: number): Promise<void> {
    const admitted = await this.#enter(pool, order, hand);
    if (!admitted && hand.aborted) return;
    if (!admitted) {
      const error = new DspexError("overloaded", `pool "${pool}" has too much waiting`, {
        retryAfterMs: OVERLOADED_RETRY_MS,
      });
      await this.#answer(hand, {
        status: "failed",
        error: error.toWire(),
        version: order.definition.version,
        decision: order.decision,
        routeMs: performance.now() - startedAt,
        runMs: 0,
        nowMs: Date.now(),
      });
      return;
    }
    hand.pool = pool;
    let isSent = false;
    try {
      if (hand.aborted) return;
      const work = workOf(order, hand.intake, hand.open, performance.now() - startedAt);
      const shrunk = { ...work, inputs: await this.#parts.claimCheck.shrink(work.inputs, work.user) };
      isSent = await this.#parts.journal.work(shrunk, pool, undefined, hand.traceparent);
    } finally {
      if (!isSent) {
        this.#slots.release(order.id, order.attempt);
        this.#slots.drain(pool);
      }
    }
  }

  /** True when there is a place, perhaps after a while; false when it was turned away or is no longer wanted. */
  #enter(pool: string, order: AttemptOrder, hand: Hand): Promise<boolean> {
    const place = Promise.withResolvers<boolean>();
    const waiter: PoolWaiter = {
      id: order.id,
      attempt: order.attempt,
      priority: order.options.priority ?? DEFAULT_PRIORITY,
      sequence: hand.open.sequence,
      go: (admitted) => {
        hand.waiting = undefined;
        place.resolve(admitted);
      },
    };
    hand.waiting = { pool, waiter };
    this.#slots.enter(pool, waiter);
    // Set still: it waits.
    if (hand.waiting !== undefined) {
      hand.signal.addEventListener("abort", () => place.resolve(false), { once: true });
    }
    return place.promise;
  }

  async #answer(hand: Hand, outcome: Outcome): Promise<void> {
    const { journal, claimCheck } = this.#parts;
    const result = resultOf(hand.intake, hand.open, outcome);
    const shrunk: Result =
      result.outputs === undefined
        ? result
        : { ...result, outputs: await claimCheck.shrink(result.outputs, hand.open.user) };
    await journal.result(shrunk, hand.traceparent);
    this.#hands.delete(hand.open.id);
  }

  /** True when this message is the request of its id, and nobody has answered it. */
  async #isFirst(intake: Intake, open: OpenRequest | undefined): Promise<boolean> {
    const { reader, journal } = this.#parts;
    const stored = await reader.last(resultSubject(intake.id));
    if (stored === null && open === undefined) return true;
    let firstHash: string | undefined;
    let firstSequence = open?.sequence;
    if (stored !== null) {
      const result = (stored.json() as CloudEvent<Result>).data;
      firstHash = result.requestHash;
      firstSequence = result.log.request;
    } else if (open !== undefined) {
      const first = await reader.at(open.sequence);
      if (first !== null) firstHash = hashOf(readIntake(open.user, open.program, first));
    }
    const requestHash = hashOf(intake);
    if (firstSequence !== intake.sequence && firstHash !== undefined && firstHash !== requestHash) {
      await journal.conflicted({ id: intake.id, requestSequence: intake.sequence, requestHash, firstHash });
    }
    return false;
  }

  /** A redelivery: whoever had it may have sent work that our fold has not seen yet. */
  async #catchUpWithTheDead(id: string): Promise<void> {
    const { reader, fold } = this.#parts;
    const [work, failure, result] = await Promise.all([
      reader.last(ALL_WORK),
      reader.last(ATTEMPT_FAILED_SUBJECT),
      reader.last(resultSubject(id)),
    ]);
    await fold.passed(Math.max(work?.sequence ?? 0, failure?.sequence ?? 0, result?.sequence ?? 0));
  }

  async #cancel(id: string): Promise<void> {
    const open = this.#parts.fold.state.open.get(id);
    if (open === undefined) return;
    await this.#end(open, "cancelled", new DspexError("cancelled", "the request was cancelled"));
  }

  #answerDeadlines(): void {
    const now = Date.now();
    for (const id of this.#deadlines.due(now)) {
      const open = this.#parts.fold.state.open.get(id);
      if (open === undefined) continue;
      if (!this.#hands.has(id) && now < open.deadlineAtMs + DEADLINE_COURTESY_MS) {
        this.#deadlines.add(id, open.deadlineAtMs + DEADLINE_COURTESY_MS);
        continue;
      }
      const error = new DspexError(
        "deadline_exceeded",
        `not finished within ${open.deadlineAtMs - open.timeMs} ms`,
      );
      this.#end(open, "failed", error).catch((thrown) => {
        this.#parts.logger.error({ id, error: asDspexError(thrown).message }, "deadline not answered");
        this.#deadlines.add(id, Date.now() + DEADLINE_COURTESY_MS);
      });
    }
  }

  /** Answers an open request from outside, and tells whoever works on it to stop. */
  async #end(open: OpenRequest, status: "cancelled" | "failed", error: DspexError): Promise<void> {
    const held = this.#hands.get(open.id);
    const stored = held === undefined ? await this.#parts.reader.at(open.sequence) : null;
    const intake =
      held?.intake ?? (stored === null ? undefined : readIntake(open.user, open.program, stored));
    if (intake === undefined) return;
    const running = open.running;
    const pool = running?.pool ?? held?.pool;
    const hand = held ?? new Hand(open, intake);
    hand.pool = pool;
    await this.#answer(hand, {
      status,
      error: error.toWire(),
      implementation: running?.implementation,
      routeMs: 0,
      runMs: 0,
      nowMs: Date.now(),
    });
    this.#letGo(hand);
    if (held === undefined) hand.span.end();
    if (pool === undefined) return;
    const reason = status === "cancelled" ? "cancelled" : "deadline_exceeded";
    this.#parts.connection.publish(
      controlSubject(pool, "any"),
      JSON.stringify({ verb: "cancel", id: open.id, reason }),
    );
  }

  /** The log has a result: whatever we still do for it is for nothing. */
  #answered(id: string): void {
    const hand = this.#hands.get(id);
    if (hand === undefined) return;
    this.#hands.delete(id);
    this.#letGo(hand);
  }

  #letGo(hand: Hand): void {
    if (hand.waiting !== undefined) this.#slots.leave(hand.waiting.pool, hand.waiting.waiter);
    hand.abort();
  }

  #hold(open: OpenRequest, intake: Intake): Hand {
    const hand = new Hand(open, intake);
    this.#hands.set(open.id, hand);
    return hand;
  }

  #inFlight(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const pool of Object.keys(this.#parts.config.poolSlots)) {
      const count = this.#slots.inFlight(pool);
      if (count > 0) counts[pool] = count;
    }
    return counts;
  }
}

function poolOf(order: AttemptOrder): string {
  const { implementation } = order;
  return implementation.kind === "dspy" || implementation.kind === "python" ? implementation.pool : "native";
}

/** For a request that the fold does not hold (any more): its bound was reached. */
function unseenOpen(intake: Intake): OpenRequest {
  return {
    id: intake.id,
    user: intake.user,
    program: intake.program,
    sequence: intake.sequence,
    timeMs: intake.timeMs,
    deadlineAtMs: intake.deadlineAtMs,
    running: undefined,
    attempts: [],
    lastFailure: undefined,
    work: [],
    failures: [],
  };
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
