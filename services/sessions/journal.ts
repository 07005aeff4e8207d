// Appends what is decided of a session, on the condition that nothing has happened to it since: who loses a race folds
// what the other one wrote, and decides again.

import { randomUUID } from "node:crypto";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { SESSION_EVENTS } from "../../schemas/messages/session-event.ts";
import { sessionEventSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import type { LogReader } from "../log/read.ts";
import type { SessionAppend } from "./decide.ts";
import type { SessionsFold } from "./fold.ts";
import { findSession, type Session } from "./state.ts";

/** Races that one command may lose. */
const ATTEMPTS = 50;

export interface JournalOptions {
  instance: number;
  fold: SessionsFold;
  reader: LogReader;
  appender: Appender;
}

export class Journal {
  readonly #options: JournalOptions;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /**
   * Appends what `decide` says of the session as it is; returns its sequence once the fold has passed it, or undefined
   * when there was nothing to append.
   * @throws what `decide` throws; `conflict` when others change the session all the time.
   */
  async execute(
    user: string,
    session: string,
    decide: (session: Session | undefined) => SessionAppend | undefined,
  ): Promise<number | undefined> {
    const { fold, reader } = this.#options;
    const everything = sessionEventSubject(user, session, "*");
    let last: number | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const now = findSession(fold.state, user, session);
      // What the fold does not know the log may: it forgets the sessions that ended first.
      last ??= now?.eventSequence ?? (await reader.last(everything))?.sequence ?? 0;
      const decided = decide(now);
      if (decided === undefined) return undefined;
      try {
        const sequence = await this.#append(decided, everything, last);
        await fold.passed(sequence);
        return sequence;
      } catch (error) {
        if (!isWrongLastSequence(error)) throw error;
        last = (await reader.last(everything))?.sequence ?? 0;
        await fold.passed(last);
      }
    }
    throw new DspexError("conflict", `session "${session}" is being changed by others all the time`, {
      retryable: true,
    });
  }

  #append({ verb, data }: SessionAppend, everything: string, last: number): Promise<number> {
    const { instance, appender } = this.#options;
    const time = new Date().toISOString();
    const event = cloudEvent(SESSION_EVENTS[verb].type, `sessions/${instance}`, randomUUID(), time, data);
    return appender.append(sessionEventSubject(data.user, data.session, verb), stringifyJson(event), {
      expectedLastSequence: last,
      expectedSubject: everything,
    });
  }
}
