// What a user may want of a session, each as one call: the fold is asked when it has passed what the user did before,
// so that whoever has a result sees its turn.

import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { DspexError } from "../../schemas/errors.ts";
import { ANY_SUBJECT, sessionEventSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import type { SessionContext, SessionErasure, UserErasure } from "../client/session-answers.ts";
import type { LogReader } from "../log/read.ts";
import type { SessionsConfig } from "./config.ts";
import { decideClose, decideContext, decideFork, decideOpen, known, ttlOf } from "./decide.ts";
import type { Eraser } from "./erase/eraser.ts";
import type { UserEraser } from "./erase/user-eraser.ts";
import type { SessionsFold } from "./fold.ts";
import type { SessionJournal } from "./journal.ts";
import { readContext, retell } from "./retell.ts";
import { findSession, isLive, type Session, sessionKey } from "./state.ts";
import { type FoundTurn, forkPoint, readTurns } from "./time-travel.ts";
import { setSessionTimer } from "./timers.ts";
import type { TurnWriter } from "./turn-writer.ts";

export interface CommandsOptions {
  fold: SessionsFold;
  journal: SessionJournal;
  writer: TurnWriter;
  eraser: Eraser;
  userEraser: UserEraser;
  reader: LogReader;
  appender: Appender;
  config: SessionsConfig;
  logger: Logger;
}

export class SessionCommands {
  readonly #options: CommandsOptions;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /** Opens a session, or one that ended again; answers the one that is open. */
  async open(user: string, session: string, ttlMs: number | undefined): Promise<Session> {
    const { fold, journal, appender, config } = this.#options;
    await this.#settled(user, session);
    const before = findSession(fold.state, user, session);
    // Before the event: there must be no open session that no timer ends.
    if (before === undefined || ttlMs !== undefined || !isLive(before))
      await setSessionTimer(appender, { user, session }, Date.now() + (ttlMs ?? ttlOf(before, config)));
    await journal.execute(user, session, (now) => decideOpen(now, { user, session, ttlMs }, config));
    const opened = this.#find(user, session);
    // While it was ended nobody told its context again.
    if (before !== undefined && !isLive(before) && opened.contextSequence > 0)
      await retell(this.#options, sessionKey(user, session), opened.contextSequence);
    return this.#find(user, session);
  }

  /** @throws DspexError `not_found` */
  async get(user: string, session: string): Promise<Session> {
    await this.#settled(user, session);
    return this.#find(user, session);
  }

  /**
   * The context now, or as it was at a turn.
   * @throws DspexError `not_found`, `gone` where the log has forgotten it.
   */
  async context(user: string, session: string, turn: number | undefined): Promise<SessionContext> {
    const { reader } = this.#options;
    const now = await this.get(user, session);
    if (turn !== undefined) {
      const { context = {}, contextVersion } = await forkPoint(reader, now, turn, this.#finder(user));
      return { context, version: contextVersion };
    }
    if (now.contextSequence === 0 && now.contextVersion === 0) return { context: {}, version: 0 };
    const context = now.contextSequence === 0 ? undefined : await readContext(reader, now.contextSequence);
    if (context !== undefined) return { context, version: now.contextVersion };
    throw new DspexError(
      "gone",
      `the context of session ${JSON.stringify(session)} is not in the log any more`,
    );
  }

  /** Returns the new version. @throws DspexError `not_found`, `gone`, `conflict` */
  async setContext(
    user: string,
    session: string,
    context: Record<string, unknown>,
    expectedVersion: number | undefined,
  ): Promise<number> {
    await this.#settled(user, session);
    let version = 0;
    await this.#options.journal.execute(user, session, (now) => {
      const decided = decideContext(now, { user, session, context, expectedVersion });
      version = (now?.contextVersion ?? 0) + 1;
      return decided;
    });
    return version;
  }

  /** @throws DspexError `not_found` */
  async turns(user: string, session: string, range: { from: number; limit: number }): Promise<FoundTurn[]> {
    const now = await this.get(user, session);
    return readTurns(this.#options.reader, now, range, this.#finder(user));
  }

  /** @throws DspexError `not_found`, `invalid_inputs`, `gone`; `conflict` where there is one of the new name. */
  async fork(
    user: string,
    session: string,
    { at, as, ttlMs }: { at: number | undefined; as: string | undefined; ttlMs: number | undefined },
  ): Promise<Session> {
    const { reader, journal, appender, config } = this.#options;
    const origin = await this.get(user, session);
    const point = await forkPoint(reader, origin, at ?? origin.turns, this.#finder(user));
    const name = as ?? randomBytes(9).toString("hex");
    const ttl = ttlMs ?? ttlOf(origin, config);
    if ((await reader.last(sessionEventSubject(user, name, "*"))) !== null)
      throw new DspexError("conflict", `session ${JSON.stringify(name)} is there already`, { path: "as" });
    await setSessionTimer(appender, { user, session: name }, Date.now() + ttl);
    await journal.execute(user, name, (now) => decideFork(now, { user, session: name, ttlMs: ttl }, point));
    return this.#find(user, name);
  }

  /** @throws DspexError `not_found` */
  async close(user: string, session: string, reason: string | undefined): Promise<Session> {
    await this.#settled(user, session);
    await this.#options.journal.execute(user, session, (now) => decideClose(now, { user, session, reason }));
    return this.#find(user, session);
  }

  /** @throws DspexError `not_found` */
  async erase(user: string, session: string): Promise<SessionErasure> {
    await this.#settled(user, session);
    return this.#options.eraser.erase(user, session);
  }

  /** Everything that the user has. */
  eraseUser(user: string): Promise<UserErasure> {
    return this.#options.userEraser.erase(user);
  }

  #find(user: string, session: string): Session {
    return known(findSession(this.#options.fold.state, user, session), session);
  }

  #finder(user: string): (session: string) => Session | undefined {
    return (session) => findSession(this.#options.fold.state, user, session);
  }

  /** Whatever the user has a result of is a turn, and what it asked for has opened its session. */
  async #settled(user: string, session: string): Promise<void> {
    const { reader, fold, writer } = this.#options;
    await fold.passed((await reader.last(ANY_SUBJECT))?.sequence ?? 0);
    await writer.settled(user, session);
  }
}
