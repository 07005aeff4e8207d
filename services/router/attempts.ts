// Makes the attempts that were decided: a function runs here, everything else goes to a pool. What cannot be made now is
// told as failed, so that the plan goes on from it; beside what takes too long a second one is started.

import type { Logger } from "pino";
import { requestFields } from "../../observability/mod.ts";
import { DspexError } from "../../schemas/errors.ts";
import { nowText } from "../bus/clock.ts";
import type { Answers } from "./answers.ts";
import { TrialGate } from "./breakers/gate.ts";
import { keysOf } from "./breakers/keys.ts";
import type { AttemptOrder, RouterAbilities } from "./decide.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { RouterFold } from "./fold.ts";
import type { Hand } from "./hand.ts";
import { decideHedge, hedgeAfterMs } from "./hedge/decide-hedge.ts";
import { HedgeTimers } from "./hedge/timers.ts";
import type { InlineAttempt, InlineOutcome } from "./inline-attempt.ts";
import type { Journal } from "./journal.ts";
import { expectedWaitMs } from "./load/wait.ts";
import { nextStep } from "./plan.ts";
import { poolOf } from "./pool-of.ts";
import { blockedMs } from "./troubles.ts";
import { unmadeAttempt } from "./unmade-attempt.ts";

export interface AttemptsParts {
  fold: RouterFold;
  journal: Journal;
  inline: InlineAttempt;
  dispatcher: Dispatcher;
  answers: Answers;
  abilities: RouterAbilities;
  /** Unfinished work by pool, what waits here for a place included, as decisions record it. */
  inFlight: () => Record<string, number>;
  /** How results name this router. */
  worker: string;
  logger: Logger;
}

/** Whoever is turned away comes back after this at least. */
const OVERLOADED_RETRY_MS = 1_000;

const DONE: Promise<void> = Promise.resolve();

export class Attempts {
  readonly #parts: AttemptsParts;
  readonly #gate = new TrialGate();
  readonly #hedges = new HedgeTimers();

  constructor(parts: AttemptsParts) {
    this.#parts = parts;
  }

  /** Resolves when what follows is stored. */
  make(order: AttemptOrder, hand: Hand, startedAt: number): Promise<void> {
    if (hand.aborted) return DONE;
    const waitMs = this.#shutForMs(order, hand);
    if (waitMs > 0) {
      const { name } = order.implementation;
      const text = `what "${name}" depends on has failed too often, one attempt at a time tries it`;
      return this.fail(order, hand, new DspexError("circuit_open", text, { retryAfterMs: waitMs }));
    }
    hand.decision = order.decision;
    hand.attempt = order.attempt;
    return this.#begin(order, hand, startedAt);
  }

  /** The attempt is not made: it is in the log as one that failed. */
  fail(order: AttemptOrder, hand: Hand, error: DspexError): Promise<void> {
    const { journal, worker } = this.#parts;
    hand.decision = order.decision;
    const failed = unmadeAttempt(order, hand.open, error, worker, nowText());
    return journal.attemptFailed(failed, hand.traceparent);
  }

  /** The log shows that work was sent for the request. */
  sent(id: string): void {
    this.#gate.leave(id);
  }

  /** An attempt of the request has failed, or it has its result. */
  over(id: string): void {
    this.#gate.leave(id);
    this.#hedges.clear(id);
  }

  stop(): void {
    this.#hedges.stop();
  }

  #begin(order: AttemptOrder, hand: Hand, startedAt: number): Promise<void> {
    if (order.implementation.kind !== "native") return this.#send(order, hand, startedAt);
    const routeMs = performance.now() - startedAt;
    const ran = this.#parts.inline.run(order, hand);
    // Most native functions answer at once: no promise is made for them.
    if (ran instanceof Promise)
      return ran.then((outcome) => this.#afterNative(outcome, order, hand, routeMs));
    return this.#afterNative(ran, order, hand, routeMs);
  }

  #afterNative(outcome: InlineOutcome, order: AttemptOrder, hand: Hand, routeMs: number): Promise<void> {
    if ("failed" in outcome) {
      if (hand.aborted) return DONE;
      const failed = {
        ...outcome.failed,
        plan: order.plan,
        decision: order.decision,
        requestSequence: hand.open.sequence,
        workSequence: 0,
      };
      return this.#parts.journal.attemptFailed(failed, hand.traceparent);
    }
    outcome.parts.waitMs += hand.waitedMs;
    outcome.parts.decodeMs += hand.intake.readMs;
    return this.#parts.answers.answer(hand, {
      status: "succeeded",
      outputs: outcome.outputs,
      validation: outcome.validation,
      version: order.definition.version,
      implementation: order.implementation.name,
      attempt: outcome.attempt,
      decision: order.decision,
      fallbackReason: order.fallbackReason,
      routeMs,
      runMs: outcome.attempt.durationMs,
      nowMs: Date.now(),
      parts: outcome.parts,
    });
  }

  async #send(order: AttemptOrder, hand: Hand, startedAt: number): Promise<void> {
    const fate = await this.#parts.dispatcher.dispatch(order, hand, startedAt);
    if (fate === "sent") this.#watch(order, hand);
    else if (fate === "turned-away") await this.#turnedAway(order, hand, startedAt);
  }

  /** Another pool has perhaps a place. */
  #turnedAway(order: AttemptOrder, hand: Hand, startedAt: number): Promise<void> {
    if (order.attempt === hand.hedge) return DONE;
    const { fold, answers, inFlight } = this.#parts;
    const pool = poolOf(order.implementation);
    const waitMs = expectedWaitMs(fold.state.load, pool, inFlight()[pool] ?? 0);
    const error = new DspexError("overloaded", `pool "${pool}" has too much waiting`, {
      retryAfterMs: Math.max(OVERLOADED_RETRY_MS, Math.round(waitMs)),
    });
    if (this.#hasWayOut(order, hand, error)) return this.fail(order, hand, error);
    const routeMs = performance.now() - startedAt;
    return answers.fail(hand, error, order.definition, order.decision, routeMs);
  }

  #hasWayOut({ definition, implementation, plan }: AttemptOrder, hand: Hand, error: DspexError): boolean {
    const { state } = this.#parts.fold;
    const next = nextStep(plan, error.toWire(), {
      definition,
      failed: implementation.name,
      attempts: hand.open.attempts,
      blockedForMs: (one) => blockedMs(state, definition, one, Date.now()),
    });
    if (next === undefined || next.delayMs > 0) return false;
    return next.implementation.kind === "native" || poolOf(next.implementation) !== poolOf(implementation);
  }

  /** What a breaker has shut is tried by one attempt at a time. */
  #shutForMs(order: AttemptOrder, hand: Hand): number {
    const { breakers } = this.#parts.fold.state;
    if (breakers.byKey.size === 0) return 0;
    const { shared } = keysOf(order.definition, order.implementation);
    return this.#gate.enter(breakers, shared, order.id, Math.max(Date.now(), hand.intake.timeMs));
  }

  #watch(order: AttemptOrder, hand: Hand): void {
    const afterMs = hedgeAfterMs(this.#parts.fold.state, order);
    if (afterMs === undefined) return;
    const sentAt = performance.now();
    this.#hedges.set(order.id, afterMs, () => {
      this.#hedge(hand, Math.round(performance.now() - sentAt)).catch((error: Error) => {
        const fields = requestFields(order.id, hand.traceparent);
        this.#parts.logger.warn({ ...fields, error: error.message }, "hedge not started");
      });
    });
  }

  async #hedge(hand: Hand, afterMs: number): Promise<void> {
    const startedAt = performance.now();
    const { fold, inFlight, abilities } = this.#parts;
    const open = fold.state.open.get(hand.open.id);
    if (open === undefined || hand.aborted) return;
    const order = decideHedge(fold.state, open, hand.intake, inFlight(), abilities, afterMs);
    if (order === undefined || this.#shutForMs(order, hand) > 0) return;
    hand.hedge = order.attempt;
    hand.waitedMs = afterMs;
    await this.#begin(order, hand, startedAt);
  }
}
