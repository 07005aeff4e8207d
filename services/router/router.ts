// The shell of the router: takes requests and failures from the log, asks `decide`, and does what it says.
//
//   1 a delivery arrives          4 decide: answer now, run here, or send to a pool
//   2 wait until the fold passed  5 store what follows (result or work), conditional on there being no result
//   3 first of its id? else stop  6 acknowledge

import { boundedError } from "../../schemas/bounded-error.ts";
import { check } from "../../schemas/envelope/check.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { type AttemptFailed, attemptFailedSchema } from "../../schemas/messages/attempt-failed.ts";
import { cancelRequestedSchema } from "../../schemas/messages/request-event.ts";
import { ATTEMPT_FAILED_SUBJECT, parseLogSubject } from "../../schemas/subjects.ts";
import type { LogReader } from "../log/read.ts";
import type { Delivery } from "../log/work.ts";
import type { Answers } from "./answers.ts";
import type { Attempts } from "./attempts.ts";
import { changesAt } from "./breakers/state.ts";
import type { BreakerTeller } from "./breakers/teller.ts";
import { decideRequest, type RouterAbilities, type RouterAction } from "./decide.ts";
import { decideFailure } from "./decide-failure.ts";
import { catchUpWithTheDead, isTheRequest } from "./duplicates.ts";
import type { Endings } from "./endings.ts";
import type { Ending, RouterEvent } from "./event.ts";
import type { RouterFold } from "./fold.ts";
import type { Hand } from "./hand.ts";
import type { Hands } from "./hands.ts";
import { type Intake, type RequestMessage, readIntake } from "./intake.ts";
import type { Journal } from "./journal.ts";
import type { SessionTurns } from "./session-turns.ts";
import type { PoolSlots } from "./slots.ts";
import { type OpenRequest, openRequest } from "./state.ts";

export interface RouterParts {
  fold: RouterFold;
  journal: Journal;
  reader: LogReader;
  attempts: Attempts;
  abilities: RouterAbilities;
  /** Unfinished work by pool, as decisions record it. */
  inFlight: () => Record<string, number>;
  slots: PoolSlots;
  hands: Hands;
  answers: Answers;
  endings: Endings;
  turns: SessionTurns;
  teller: BreakerTeller;
}

/** A longer pause before a retry gives the failure back to the server, so that it holds no place meanwhile. */
const LONGEST_HELD_PAUSE_MS = 5_000;

const DONE: Promise<void> = Promise.resolve();

export class Router {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  /** Takes up the deadlines of what was open in a snapshot. */
  resume(): void {
    for (const open of this.#parts.fold.state.open.values()) this.#parts.endings.watch(open);
  }

  /** Follows up on what the fold has just taken in. `closed`: the request that this event ended. */
  onEvent(event: RouterEvent, closed: OpenRequest | undefined): void {
    const { fold, attempts, endings, slots, hands, turns } = this.#parts;
    this.#tell(event);
    switch (event.kind) {
      case "request": {
        const open = fold.state.open.get(event.intake.id);
        if (open?.sequence === event.sequence) endings.watch(open);
        return;
      }
      case "work":
        slots.release(event.work.id, event.work.attempt);
        attempts.sent(event.work.id);
        return;
      case "attempt-failed":
        attempts.over(event.failed.id);
        slots.drain(event.failed.pool);
        return;
      case "result":
        attempts.over(event.id);
        if (closed !== undefined) this.#close(closed, event.ending);
        hands.answered(event.id);
        slots.drainAll();
        return;
      case "session":
        turns.moved(event.session);
        return;
      default:
        return;
    }
  }

  /** Of two attempts that ran side by side the one that lost is not wanted any more. */
  #close(closed: OpenRequest, ending: Ending | undefined): void {
    const { endings } = this.#parts;
    endings.unwatch(closed);
    const { answered } = ending ?? {};
    if (answered === undefined) return;
    const losers = closed.running.filter(({ attempt }) => attempt !== answered.attempt);
    if (losers.length > 0) endings.stopWork(closed.id, new Set(losers.map(({ pool }) => pool)), "cancelled");
  }

  /** Breakers that the event has changed are told by whoever has the attempt in hand, or handles its failure. */
  #tell(event: RouterEvent): void {
    const { fold, teller, hands } = this.#parts;
    const changes = changesAt(fold.state.breakers, event.sequence);
    if (changes.length === 0) return;
    if (event.kind === "attempt-failed") teller.keep(event.sequence, changes);
    else if (event.kind === "work" && hands.made(event.work.id, event.work.attempt)) teller.tell(changes);
    else if (event.kind === "result" && hands.made(event.id, event.ending?.answered?.attempt))
      teller.tell(changes);
  }

  stop(): void {
    this.#parts.attempts.stop();
  }

  /** Handles a delivered request. Resolves when what follows from it is stored. */
  handleRequest(delivery: Delivery): Promise<void> {
    const passed = this.#parts.fold.passed(delivery.sequence);
    return passed === undefined
      ? this.#takeRequest(delivery)
      : passed.then(() => this.#takeRequest(delivery));
  }

  #takeRequest(delivery: Delivery): Promise<void> {
    const startedAt = performance.now();
    const { fold, hands } = this.#parts;
    const subject = parseLogSubject(delivery.subject);
    if (subject.kind !== "request") return DONE;
    const intake = fold.takeIntake(delivery.sequence) ?? readTimed(subject.user, subject.program, delivery);
    const open = fold.state.open.get(intake.id);
    const isFirst =
      !delivery.isDoubtful &&
      open?.sequence === delivery.sequence &&
      isUntouched(open) &&
      !open.perhapsAnswered;
    if (!isFirst || intake.refused) return this.#takeUnusual(delivery, intake, startedAt);
    return this.#decide(hands.hold(open, intake), startedAt);
  }

  /** A redelivery, a second message with one id, an id that is not the sender's. */
  async #takeUnusual(delivery: Delivery, intake: Intake, startedAt: number): Promise<void> {
    const { fold, reader, journal, hands } = this.#parts;
    if (delivery.isDoubtful) await catchUpWithTheDead(intake.id, reader, fold);
    const open = fold.state.open.get(intake.id);
    if (open === undefined || open.sequence !== delivery.sequence) {
      if (!(await isTheRequest(intake, open, reader, journal))) return;
    } else if (!isUntouched(open)) {
      return;
    } else if (open.perhapsAnswered && !(await isTheRequest(intake, undefined, reader, journal))) {
      return;
    }
    if (intake.refused && intake.error !== undefined) {
      const error = boundedError(intake.error.toWire());
      await journal.refused({ id: intake.id, requestSequence: intake.sequence, error });
    }
    await this.#decide(hands.hold(open ?? openRequest(intake), intake), startedAt);
  }

  #decide(hand: Hand, startedAt: number): Promise<void> {
    const session = hand.intake.request?.options.session;
    return session === undefined ? this.#route(hand, startedAt) : this.#takeTurn(hand, session, startedAt);
  }

  async #takeTurn(hand: Hand, session: string, startedAt: number): Promise<void> {
    const { turns, answers } = this.#parts;
    const waitsAt = performance.now();
    const error = await turns.turn(hand, session);
    if (hand.aborted) return;
    hand.waitedMs = performance.now() - waitsAt;
    if (error === undefined) return this.#route(hand, startedAt + hand.waitedMs);
    await answers.fail(hand, error, undefined, undefined, performance.now() - startedAt);
    hand.span.end();
  }

  #route(hand: Hand, startedAt: number): Promise<void> {
    const { fold, abilities, inFlight } = this.#parts;
    return this.#perform(decideRequest(fold.state, hand.intake, inFlight(), abilities), hand, startedAt);
  }

  /** Handles a failure or a cancellation. */
  async handleEvent(delivery: Delivery): Promise<void> {
    const { fold, reader, endings, teller } = this.#parts;
    await fold.passed(delivery.sequence);
    teller.tellKept(delivery.sequence);
    const data = (delivery.json() as Partial<CloudEvent<unknown>> | null)?.data;
    if (delivery.subject === ATTEMPT_FAILED_SUBJECT) {
      const failed = check(attemptFailedSchema, data, "data");
      if (delivery.isDoubtful) await catchUpWithTheDead(failed.id, reader, fold);
      await this.#afterFailure(failed, delivery);
    } else await endings.cancel(check(cancelRequestedSchema, data, "data").id);
  }

  async #afterFailure(failed: AttemptFailed, delivery: Delivery): Promise<void> {
    const startedAt = performance.now();
    const { fold, reader, hands, inFlight } = this.#parts;
    const open = fold.state.open.get(failed.id);
    // Answered meanwhile, or somebody has taken the next step already, or another attempt still runs beside it, or the
    // failure was stored twice.
    if (open === undefined || open.running.length > 0 || open.failures.at(-1) !== delivery.sequence) return;
    const stored = await reader.at(open.sequence);
    if (stored === null) return;
    const intake = readTimed(open.user, open.program, stored);
    const action = decideFailure(fold.state, open, failed, intake, inFlight());
    // Whatever pause an error asks for, nobody waits beyond the deadline.
    const resumeAtMs = action.kind === "attempt" ? delivery.timeMs + action.delayMs : 0;
    const leftMs = Math.min(resumeAtMs, open.deadlineAtMs) - Date.now();
    if (leftMs > LONGEST_HELD_PAUSE_MS) {
      delivery.nak(leftMs);
      return;
    }
    const hand = hands.hold(open, intake, delivery.header(HEADER.traceparent));
    if (action.kind === "attempt") hand.waitedMs = action.delayMs;
    await this.#perform(
      action.kind === "attempt" ? { ...action, delayMs: Math.max(0, leftMs) } : action,
      hand,
      startedAt,
    );
  }

  #perform(action: RouterAction, hand: Hand, startedAt: number): Promise<void> {
    const done = this.#follow(action, hand, startedAt);
    return hand.span.isRecording() ? done.finally(() => hand.span.end()) : done;
  }

  #follow(action: RouterAction, hand: Hand, startedAt: number): Promise<void> {
    if (action.kind === "fail") {
      const { error, definition, decision } = action;
      return this.#parts.answers.fail(hand, error, definition, decision, performance.now() - startedAt);
    }
    const { attempts } = this.#parts;
    const { order, heldUp } = action;
    if (heldUp !== undefined) return attempts.fail(order, hand, heldUp);
    if (action.delayMs > 0) {
      const waitsAt = performance.now();
      return pause(action.delayMs, hand.signal).then(() =>
        attempts.make(order, hand, startedAt + performance.now() - waitsAt),
      );
    }
    return attempts.make(order, hand, startedAt);
  }
}

function readTimed(user: string, program: string, message: RequestMessage): Intake {
  const startedAt = performance.now();
  const intake = readIntake(user, program, message);
  intake.readMs = performance.now() - startedAt;
  return intake;
}

/** Nobody has made an attempt that the log knows of; what follows from a failed one follows from its failure. */
function isUntouched(open: OpenRequest): boolean {
  return open.work.length === 0 && open.failures.length === 0;
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener("abort", done, { once: true });
  });
}
