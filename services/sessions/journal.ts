// Appends what is decided of a session, on the condition that nothing has happened to it since.

import { SESSION_EVENTS } from "../../schemas/messages/session-event.ts";
import { sessionEventSubject } from "../../schemas/subjects.ts";
import { Journal } from "../log/journal.ts";
import type { LogPart } from "../log/start-part.ts";
import type { SessionAppend } from "./decide.ts";
import type { SessionsFold } from "./fold.ts";
import { findSession, type Session } from "./state.ts";

export class SessionJournal {
  readonly #fold: SessionsFold;
  readonly #journal: Journal;

  constructor(part: Pick<LogPart, "source" | "appender" | "reader">, fold: SessionsFold) {
    this.#fold = fold;
    this.#journal = new Journal({ ...part, fold });
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
    const now = () => findSession(this.#fold.state, user, session);
    const done = await this.#journal.execute({
      scope: sessionEventSubject(user, session, "*"),
      what: `session "${session}"`,
      // What the fold does not know the log may: it forgets the sessions that ended first.
      known: now()?.eventSequence,
      decide() {
        const decided = decide(now());
        if (decided === undefined) return undefined;
        const { verb, data } = decided;
        return { subject: sessionEventSubject(user, session, verb), type: SESSION_EVENTS[verb].type, data };
      },
    });
    return done?.sequence;
  }
}
