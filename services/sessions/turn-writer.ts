// Writes what follows from the log alone: a session that a request named is opened, and each result becomes exactly one
// turn. One session's events are written one after the other, many sessions' at once; what was not written when the
// process ended is still due in the fold of the next one.

import type { Logger } from "pino";
import type { Appender } from "../bus/append.ts";
import type { LogReader } from "../log/read.ts";
import type { SessionsConfig } from "./config.ts";
import { readTurn } from "./contents.ts";
import { decideOpen, decideTurn, isToBeOpened } from "./decide.ts";
import type { SessionsFold } from "./fold.ts";
import type { SessionJournal } from "./journal.ts";
import { resultWithoutTurn, type Session, sessionKey } from "./state.ts";
import { setSessionTimer } from "./timers.ts";

/** Before what the log would not take is tried again. */
const RETRY_MS = 1_000;

export interface TurnWriterOptions {
  fold: SessionsFold;
  journal: SessionJournal;
  reader: LogReader;
  appender: Appender;
  config: SessionsConfig;
  logger: Logger;
}

export class TurnWriter {
  readonly #options: TurnWriterOptions;
  /** By key of the session that is being written. */
  readonly #writing = new Map<string, Promise<void>>();
  /** Keys that wait for a place. */
  readonly #waiting = new Set<string>();
  #isStarted = false;
  #stopping = new AbortController();

  constructor(options: TurnWriterOptions) {
    this.#options = options;
  }

  /** From now on what is due is written, first of all what was due before. */
  start(): void {
    this.#isStarted = true;
    const { state } = this.#options.fold;
    // Only sessions with open turns can have something due, and those named by a request have one.
    for (const key of new Set(state.keyOfTurn.values())) this.#look(key);
  }

  /** The session may have something due. */
  look(user: string, session: string): void {
    if (this.#isStarted) this.#look(sessionKey(user, session));
  }

  /** Resolves when nothing is due of the session; what comes while it waits counts too. */
  async settled(user: string, session: string): Promise<void> {
    const key = sessionKey(user, session);
    while (this.#isDue(key) && !this.#stopping.signal.aborted) {
      this.#look(key);
      await (this.#writing.get(key) ?? Promise.race(this.#writing.values()));
    }
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#stopping.abort();
    this.#waiting.clear();
    await Promise.allSettled(this.#writing.values());
  }

  #look(key: string): void {
    if (this.#writing.has(key) || !this.#isDue(key)) return;
    if (this.#writing.size >= this.#options.config.writesAtOnce) {
      this.#waiting.add(key);
      return;
    }
    this.#waiting.delete(key);
    const written = this.#write(key).finally(() => {
      this.#writing.delete(key);
      if (this.#stopping.signal.aborted) return;
      this.#look(key);
      const next = this.#waiting.values().next().value;
      if (next !== undefined) {
        this.#waiting.delete(next);
        this.#look(next);
      }
    });
    this.#writing.set(key, written);
  }

  #isDue(key: string): boolean {
    const session = this.#find(key);
    return (
      session !== undefined &&
      (isToBeOpened(session, this.#options.config) || resultWithoutTurn(session) !== undefined)
    );
  }

  #find(key: string): Session | undefined {
    const { live, ended } = this.#options.fold.state;
    return live.get(key) ?? ended.get(key);
  }

  /** Never throws: what fails is tried again. */
  async #write(key: string): Promise<void> {
    try {
      for (let session = this.#find(key); session !== undefined; session = this.#find(key)) {
        if (this.#stopping.signal.aborted || !(await this.#writeNext(session))) return;
      }
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#options.logger.warn({ session: key, error: (error as Error).message }, "session not written");
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Returns whether there was something to write. */
  async #writeNext(session: Session): Promise<boolean> {
    const { journal, reader, config, appender } = this.#options;
    const { user, session: name } = session;
    if (isToBeOpened(session, config)) {
      const request = session.open[0]?.sequence;
      // Before the event: there must be no open session that no timer ends.
      await setSessionTimer(appender, { user, session: name }, Date.now() + config.ttlMs);
      await journal.execute(user, name, (now) =>
        now === undefined || isToBeOpened(now, config)
          ? decideOpen(now, { user, session: name, request }, config)
          : undefined,
      );
      return true;
    }
    const turn = resultWithoutTurn(session);
    if (turn === undefined) return false;
    const contents = await readTurn(reader, turn);
    await journal.execute(user, name, (now) => decideTurn(now, turn.id, contents));
    return true;
  }
}
