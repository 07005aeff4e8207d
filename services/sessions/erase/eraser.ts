// Erases what a user has of a session: first the tombstone that names it, then the bytes, which the keeper overwrites.
// Whatever is interrupted in between is finished by the next process, from the tombstone alone.
//
//   gather ─▶ erased (begun) ─▶ `gone` under each result ─▶ keeper deletes what the tombstone names ─▶ erased (done)

import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { z } from "zod";
import { cloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../../schemas/envelope/json.ts";
import { DspexError, type WireError } from "../../../schemas/errors.ts";
import { RESULT_TYPE } from "../../../schemas/messages/result.ts";
import { sessionErasedSchema } from "../../../schemas/messages/session-event.ts";
import { ERASE_SETUP_SUBJECT, resultSubject, sessionEventSubject } from "../../../schemas/subjects.ts";
import type { Appender } from "../../bus/append.ts";
import { isWrongLastSequence } from "../../bus/append-errors.ts";
import type { NatsConnection } from "../../bus/connect.ts";
import type { SessionErasure } from "../../client/session-answers.ts";
import type { ObjectBucket } from "../../log/objects.ts";
import type { LogReader } from "../../log/read.ts";
import { dataIn } from "../contents.ts";
import { known } from "../decide.ts";
import type { SessionsFold } from "../fold.ts";
import type { SessionJournal } from "../journal.ts";
import { findSession, newSession, type Session } from "../state.ts";
import { forksOf, gather, gatherTurns } from "./gather.ts";
import { goneResult } from "./gone-result.ts";
import { type Begun, tombstone } from "./tombstones.ts";

const RETRY_MS = 1_000;
/** Deleting some ten thousand messages takes seconds. */
const KEEPER_MS = 120_000;
const answerSchema = z.object({ messages: z.number().int().nonnegative() });

export interface EraserOptions {
  connection: NatsConnection;
  fold: SessionsFold;
  journal: SessionJournal;
  reader: LogReader;
  values: ObjectBucket;
  appender: Appender;
  instance: number;
  logger: Logger;
}

interface How {
  /** It is asked for, not only gone on with. */
  isNew: boolean;
  isPartOfAll: boolean;
}

export class Eraser {
  readonly #options: EraserOptions;
  /** By key of the session that is being erased. */
  readonly #erasing = new Map<string, Promise<number>>();
  /** One for each session that could not be erased just now. */
  readonly #retries = new Map<string, NodeJS.Timeout>();
  #isStopped = false;

  constructor(options: EraserOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the bytes are gone.
   * @param isPartOfAll copies of its messages, judgements and values are left to who erases all that the user has.
   * @throws DspexError `not_found`
   */
  async erase(user: string, session: string, { isPartOfAll = false } = {}): Promise<SessionErasure> {
    const { fold } = this.#options;
    const messages = await this.#once(user, session, { isNew: true, isPartOfAll });
    return { messages, running: findSession(fold.state, user, session)?.open.length ?? 0 };
  }

  /** Goes on with what the fold says is not finished. */
  resume(): void {
    for (const key of this.#options.fold.state.toErase) {
      if (!this.#retries.has(key)) this.#goOn(key);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const retry of this.#retries.values()) clearTimeout(retry);
    await Promise.allSettled(this.#erasing.values());
  }

  #goOn(key: string): void {
    const { state } = this.#options.fold;
    // All data of a user is another's task.
    if (!state.toErase.has(key) || (state.ended.get(key)?.upTo ?? 0) > 0) return;
    const [user = "", session = ""] = key.split(".");
    this.#once(user, session, { isNew: false, isPartOfAll: false }).catch(() => {
      // Said, and tried again.
    });
  }

  #once(user: string, session: string, how: How): Promise<number> {
    const key = `${user}.${session}`;
    const before = this.#erasing.get(key);
    if (before !== undefined) return before;
    const erased = this.#eraseAll(user, session, how).finally(() => this.#erasing.delete(key));
    this.#erasing.set(key, erased);
    erased.catch((error: Error) => this.#later(key, error));
    return erased;
  }

  /** What has begun goes on, whoever asked for it. */
  #later(key: string, error: Error): void {
    const { fold, logger } = this.#options;
    if (this.#isStopped || this.#retries.has(key) || !fold.state.toErase.has(key)) return;
    logger.warn({ session: key, error: error.message }, "session not erased yet");
    const retry = setTimeout(() => {
      this.#retries.delete(key);
      this.#goOn(key);
    }, RETRY_MS).unref();
    this.#retries.set(key, retry);
  }

  async #eraseAll(user: string, session: string, { isNew, isPartOfAll }: How): Promise<number> {
    let isDue = isNew;
    let messages = 0;
    for (;;) {
      const now = await this.#find(user, session);
      if (now.erasing > 0) messages += await this.finish(user, session, now.erasing);
      else if (isDue || now.isUnerased) isDue = !(await this.#begin(now, isPartOfAll));
      else break;
    }
    this.#options.fold.snapshotSoon();
    return messages;
  }

  /** Also one that ended so long ago that only the log knows it. */
  async #find(user: string, session: string): Promise<Session> {
    const { fold, reader } = this.#options;
    const found = findSession(fold.state, user, session);
    if (found !== undefined) return found;
    const last = await reader.last(sessionEventSubject(user, session, "*"));
    return known(last === null ? undefined : newSession(user, session, last.timeMs), session);
  }

  /** Returns whether the tombstone is in the log; not when something happened meanwhile, which has to go as well. */
  async #begin(session: Session, isPartOfAll: boolean): Promise<boolean> {
    const { fold, journal, reader, values } = this.#options;
    const { user, session: name, eventSequence } = session;
    const gathered = isPartOfAll
      ? (await gatherTurns(reader, session)).found
      : await gather(reader, values, session, forksOf(session, fold.state));
    const appended = await journal.execute(user, name, (now) =>
      now !== undefined && now.eventSequence !== eventSequence
        ? undefined
        : { verb: "erased", data: tombstone(session, gathered, user) },
    );
    return appended !== undefined;
  }

  /** From the tombstone alone, so that anybody can finish what somebody began. */
  async finish(user: string, session: string, sequence: number): Promise<number> {
    const { reader, journal, instance, appender } = this.#options;
    const stored = await reader.at(sequence);
    const begun = stored === null ? undefined : sessionErasedSchema.safeParse(dataIn(stored)).data;
    if (begun?.status !== "begun") throw new DspexError("internal", `#${sequence} is no tombstone`);
    const source = `sessions/${instance}`;
    await Promise.all(begun.results.map((result) => this.#putGone(result, source, appender)));
    const messages = await this.#askKeeper(begun);
    await journal.execute(user, session, (now) =>
      now?.erasing === sequence
        ? { verb: "erased", data: { user, session, status: "done", of: sequence, messages } }
        : undefined,
    );
    return messages;
  }

  async #putGone(
    { id, sequence }: Begun["results"][number],
    source: string,
    appender: Appender,
  ): Promise<void> {
    const event = cloudEvent(
      RESULT_TYPE,
      source,
      randomUUID(),
      new Date().toISOString(),
      goneResult(id, sequence),
    );
    try {
      await appender.append(resultSubject(id), stringifyJson(event), {
        expectedLastSequence: sequence,
      });
    } catch (error) {
      // An earlier try has put it there, or the result was never this one.
      if (!isWrongLastSequence(error)) throw error;
    }
  }

  async #askKeeper({ user, session }: Begun): Promise<number> {
    const { connection } = this.#options;
    let reply: unknown;
    try {
      const body = JSON.stringify({ user, session });
      reply = (await connection.request(ERASE_SETUP_SUBJECT, body, { timeout: KEEPER_MS })).json();
    } catch (cause) {
      throw new DspexError("unavailable", `the keeper did not answer: ${(cause as Error).message}`, {
        cause,
      });
    }
    if (typeof reply === "object" && reply !== null && "code" in reply) {
      throw DspexError.fromWire(reply as WireError);
    }
    return answerSchema.parse(reply).messages;
  }
}
