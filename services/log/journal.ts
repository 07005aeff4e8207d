// Appends what is decided from a fold, on the condition that nothing else has happened to what it is about: who loses a
// race folds what the other one wrote, and decides again.
//
//   last event of the scope ─▶ fold up to it ─▶ decide ─▶ append, if that is still the last one ─▶ fold it

import { randomUUID } from "node:crypto";
import { type CloudEvent, cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import { nowText } from "../bus/clock.ts";
import type { LogReader, StoredMessage } from "./read.ts";

/** An event as the log gets it. */
export interface JournalEvent {
  subject: string;
  type: string;
  data: object;
  traceparent?: string | undefined;
}

export interface JournalOptions {
  source: string;
  appender: Appender;
  reader: LogReader;
  fold: { passed(sequence: number): Promise<void> };
}

export interface Execution<Event extends JournalEvent> {
  /** What it is about: a subject or wildcard, to which nothing else may happen between fold and append. */
  scope: string;
  /** As who asks would name it, for the error. */
  what: string;
  /** Asked again after each lost race; undefined = there is nothing to append. */
  decide: () => Event | undefined;
  /** Last event of the scope, where the fold knows it: then the log is not asked. */
  known?: number | undefined;
}

/** Races that one command may lose. */
const ATTEMPTS = 50;
/** With its headers an event stays below the server's `max_payload`. */
const MAX_EVENT_BYTES = 917_504;

export class Journal {
  readonly #options: JournalOptions;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /**
   * Appends what `decide` says once the fold has passed everything of the scope; returns it when the fold has passed it as
   * well, or undefined when there was nothing to append.
   * @throws what `decide` throws; DspexError `conflict` when others are faster all the time.
   */
  async execute<Event extends JournalEvent>({
    scope,
    what,
    decide,
    known,
  }: Execution<Event>): Promise<(Event & { sequence: number }) | undefined> {
    const { fold } = this.#options;
    let last = known ?? (await this.last(scope));
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await fold.passed(last);
      const decided = decide();
      if (decided === undefined) return undefined;
      const sequence = await this.#try(decided, scope, last);
      if (sequence !== undefined) {
        await fold.passed(sequence);
        return { ...decided, sequence };
      }
      last = await this.last(scope);
    }
    throw new DspexError("conflict", `${what} is being changed by others all the time`, { retryable: true });
  }

  /**
   * Appends one event if `last` is still the last of the scope; returns its sequence, or undefined when something else has
   * happened: the fold has then passed that, and whoever asked decides again.
   */
  async append(event: JournalEvent, scope: string, last: number): Promise<number | undefined> {
    const sequence = await this.#try(event, scope, last);
    if (sequence === undefined) await this.#options.fold.passed(await this.last(scope));
    return sequence;
  }

  /** Sequence of the last event of the scope; 0 = none. */
  async last(scope: string): Promise<number> {
    return (await this.#options.reader.last(scope))?.sequence ?? 0;
  }

  async #try(event: JournalEvent, scope: string, last: number): Promise<number | undefined> {
    const { appender, source, reader } = this.#options;
    const { subject, type, data, traceparent } = event;
    const id = randomUUID();
    const body = stringifyJson(cloudEvent(type, source, id, nowText(), data, traceparent));
    const sizeBytes = Buffer.byteLength(body);
    if (sizeBytes > MAX_EVENT_BYTES)
      throw new DspexError(
        "payload_too_large",
        `the event has ${sizeBytes} bytes, at most ${MAX_EVENT_BYTES}: change less at once`,
      );
    try {
      return await appender.append(subject, body, { expectedLastSequence: last, expectedSubject: scope });
    } catch (error) {
      if (!isWrongLastSequence(error)) throw error;
      // Refused may be one's own event, sent again because its acknowledgement was lost: then it is the next one.
      const next = await reader.next(scope, last + 1);
      return next !== null && idOf(next) === id ? next.sequence : undefined;
    }
  }
}

function idOf(message: StoredMessage): string | undefined {
  try {
    return (message.json() as Partial<CloudEvent<unknown>> | null)?.id;
  } catch {
    return undefined; // somebody else's, and no event
  }
}
