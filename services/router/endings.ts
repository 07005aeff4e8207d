// Ends requests from outside: deadlines that pass, users who cancel. The result is written here, whoever works on the
// request is told to stop.

import type { Logger } from "pino";
import { requestFields } from "../../observability/mod.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import type { Decision } from "../../schemas/messages/parts.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { controlSubject } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { LogReader } from "../log/read.ts";
import type { Answers } from "./answers.ts";
import { DeadlineWheel } from "./deadline-wheel.ts";
import type { RouterFold } from "./fold.ts";
import { Hand } from "./hand.ts";
import type { Hands } from "./hands.ts";
import { readIntake } from "./intake.ts";
import { endFailed } from "./spans.ts";
import type { OpenRequest } from "./state.ts";

export interface EndingsParts {
  connection: NatsConnection;
  fold: RouterFold;
  reader: LogReader;
  answers: Answers;
  hands: Hands;
  logger: Logger;
}

/** Other routers give the one that took a request this much time to answer its deadline first, ms. */
const COURTESY_MS = 1_000;
const TICK_MS = 50;

export class Endings {
  readonly #parts: EndingsParts;
  readonly #deadlines = new DeadlineWheel(Date.now());
  readonly #timer: NodeJS.Timeout;

  constructor(parts: EndingsParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#answerDeadlines(), TICK_MS).unref();
  }

  watch({ id, deadlineAtMs }: OpenRequest): void {
    this.#deadlines.add(id, deadlineAtMs);
  }

  unwatch({ id, deadlineAtMs }: OpenRequest): void {
    this.#deadlines.remove(id, deadlineAtMs);
  }

  async cancel(id: string): Promise<void> {
    const open = this.#parts.fold.state.open.get(id);
    if (open === undefined) return;
    await this.#end(open, "cancelled", new DspexError("cancelled", "the request was cancelled"));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #answerDeadlines(): void {
    const { fold, hands, logger } = this.#parts;
    const now = Date.now();
    for (const id of this.#deadlines.due(now)) {
      const open = fold.state.open.get(id);
      if (open === undefined) continue;
      const ours = hands.has(id) ? open.deadlineAtMs : open.deadlineAtMs + COURTESY_MS;
      if (now < ours) {
        this.#deadlines.add(id, ours);
        continue;
      }
      const allowedMs = open.deadlineAtMs - open.timeMs;
      this.#end(
        open,
        "failed",
        new DspexError("deadline_exceeded", `not finished within ${allowedMs} ms`),
      ).catch((thrown) => {
        const fields = requestFields(id, hands.get(id)?.traceparent);
        logger.error({ ...fields, error: asDspexError(thrown).message }, "deadline not answered");
        this.#deadlines.add(id, Date.now() + COURTESY_MS);
      });
    }
  }

  async #end(open: OpenRequest, status: "cancelled" | "failed", error: DspexError): Promise<void> {
    const { answers, hands } = this.#parts;
    const held = hands.get(open.id);
    const hand = held ?? (await this.#handOf(open));
    if (hand === undefined) return;
    const running = open.running[0];
    const pools = new Set(open.running.map(({ pool }) => pool));
    if (pools.size === 0 && hand.pool !== undefined) pools.add(hand.pool);
    await answers.answer(hand, {
      status,
      error: error.toWire(),
      implementation: running?.implementation,
      decision: hand.decision ?? (await this.#decisionOf(open)),
      routeMs: 0,
      runMs: 0,
      nowMs: Date.now(),
    });
    hands.letGo(hand);
    if (held === undefined) endFailed(hand.span, error);
    this.stopWork(open.id, pools, status === "cancelled" ? "cancelled" : "deadline_exceeded");
  }

  /** Tells the workers of these pools to stop whatever they do for the request. */
  stopWork(id: string, pools: Iterable<string>, reason: "cancelled" | "deadline_exceeded"): void {
    const order = JSON.stringify({ verb: "cancel", id, reason });
    for (const pool of pools) this.#parts.connection.publish(controlSubject(pool, "any"), order);
  }

  /** Of the attempt under way that another router has sent: what it took too long for counts for what it chose. */
  async #decisionOf({ running: [first] }: OpenRequest): Promise<Decision | undefined> {
    if (first === undefined) return undefined;
    const work = await this.#parts.reader.at(first.workSequence);
    return work === null ? undefined : (work.json() as CloudEvent<Work>).data.decision;
  }

  /** For a request that another router took. */
  async #handOf(open: OpenRequest): Promise<Hand | undefined> {
    const stored = await this.#parts.reader.at(open.sequence);
    return stored === null ? undefined : new Hand(open, readIntake(open.user, open.program, stored));
  }
}
