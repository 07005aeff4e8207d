// Erases all data of a user: every session, then what is outside of sessions. What it is to erase stands in the log before
// anything is erased, as tombstones under a name that is no session's, so that whatever is interrupted goes on.
//
//   tombstone (up to here, nothing named yet) ─▶ each session, as always ─▶ the rest ─▶ tombstones that name it ─▶ bytes
//        └──────────────── something still runs: again when it is through ◀─────────────────────────┘

import { randomBytes } from "node:crypto";
import { DspexError } from "../../../schemas/errors.ts";
import { ANY_SUBJECT, USER_EVENTS } from "../../../schemas/subjects.ts";
import type { UserErasure } from "../../client/session-answers.ts";
import { pagesOf } from "../../log/read.ts";
import { namedIn } from "../event.ts";
import { findSession, type Session, sessionKey } from "../state.ts";
import type { Eraser, EraserOptions } from "./eraser.ts";
import { nothingGathered } from "./gather.ts";
import { type GatheredOfUser, gatherUser } from "./gather-user.ts";
import { tombstone, without } from "./tombstones.ts";

const FIRST_LOOK_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

export class UserEraser {
  readonly #options: EraserOptions;
  readonly #eraser: Eraser;
  /** By key of the tombstones. */
  readonly #erasing = new Map<string, Promise<UserErasure>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #isStopped = false;

  constructor(options: EraserOptions, eraser: Eraser) {
    this.#options = options;
    this.#eraser = eraser;
  }

  /** Resolves when the bytes of all that is over are gone; what still runs is erased when it comes. */
  async erase(user: string): Promise<UserErasure> {
    const { reader, fold, journal } = this.#options;
    const upTo = (await reader.last(ANY_SUBJECT))?.sequence ?? 0;
    await fold.passed(upTo);
    const session = `user-${randomBytes(9).toString("hex")}`;
    const about = { user, session, turns: 0, contextVersion: 0, upTo };
    await journal.execute(user, session, (now) =>
      now === undefined
        ? { verb: "erased", data: tombstone(about, nothingGathered(), user, true) }
        : undefined,
    );
    return this.#once(user, session);
  }

  /** Goes on with what the fold says is not finished. */
  resume(): void {
    const { state } = this.#options.fold;
    for (const key of state.toErase) {
      const found = state.ended.get(key);
      if (found !== undefined && found.upTo > 0) this.#later(found, 0);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await Promise.allSettled(this.#erasing.values());
  }

  #once(user: string, session: string): Promise<UserErasure> {
    const key = sessionKey(user, session);
    const before = this.#erasing.get(key);
    if (before !== undefined) return before;
    const erased = this.#eraseAll(user, session).finally(() => this.#erasing.delete(key));
    this.#erasing.set(key, erased);
    return erased;
  }

  #later(of: Pick<Session, "user" | "session">, pauseMs: number): void {
    const key = sessionKey(of.user, of.session);
    if (this.#isStopped || this.#timers.has(key)) return;
    const next = Math.min(Math.max(2 * pauseMs, FIRST_LOOK_MS), LONGEST_PAUSE_MS);
    const look = async () => {
      this.#timers.delete(key);
      await this.#once(of.user, of.session).catch((error: Error) =>
        this.#options.logger.warn({ user: of.user, error: error.message }, "data of a user not erased yet"),
      );
      if (this.#find(of.user, of.session)?.isUnerased) this.#later(of, next);
    };
    this.#timers.set(key, setTimeout(look, pauseMs).unref());
  }

  async #eraseAll(user: string, session: string): Promise<UserErasure> {
    const begun = this.#find(user, session);
    if (begun === undefined) throw new DspexError("internal", `no tombstone of ${user} is known`);
    let messages = begun.erasing > 0 ? await this.#eraser.finish(user, session, begun.erasing) : 0;
    const sessions = await this.#sessionsOf(begun);
    for (const name of sessions) {
      this.#throwIfStopped();
      messages += (await this.#eraser.erase(user, name, { isPartOfAll: true })).messages;
    }
    const { named, running } = await this.#eraseRest(user, session);
    messages += named;
    this.#options.fold.snapshotSoon();
    const found = this.#find(user, session);
    if (found?.isUnerased) this.#later(found, FIRST_LOOK_MS);
    return { sessions: sessions.length, messages, running };
  }

  /** Of sessions that were there when it began, those that are not erased. */
  async #sessionsOf({ user, openedMs }: Session): Promise<string[]> {
    const { fold, reader } = this.#options;
    const names = new Set(fold.state.namesOf.get(user));
    // The fold forgets the sessions that ended first.
    for await (const { subject, timeMs } of pagesOf(reader, USER_EVENTS.session(user), 1)) {
      const named = namedIn(subject);
      if (named !== undefined && named.verb !== "erased" && timeMs <= openedMs) names.add(named.session);
    }
    return [...names].filter((name) => {
      const found = this.#find(user, name);
      if (found === undefined) return true;
      return (
        found.upTo === 0 && found.openedMs <= openedMs && (found.status !== "erased" || found.isUnerased)
      );
    });
  }

  async #eraseRest(user: string, session: string): Promise<{ named: number; running: number }> {
    let named = 0;
    let rest = await this.#gather(user, session);
    for (;;) {
      this.#throwIfStopped();
      const now = this.#find(user, session);
      const isNothing = rest.log.size + rest.values.size === 0;
      // Finished by another process, or there is nothing to do until something is through.
      if (now?.isUnerased !== true || (isNothing && rest.running.length > 0)) break;
      const begun = tombstone(now, rest, user, rest.running.length > 0);
      const { journal } = this.#options;
      const sequence = await journal.execute(user, session, (newest) =>
        newest?.eventSequence === now.eventSequence ? { verb: "erased", data: begun } : undefined,
      );
      if (sequence === undefined) rest = await this.#gather(user, session);
      else {
        named += await this.#eraser.finish(user, session, sequence);
        rest = { ...without(rest, begun), running: rest.running };
      }
    }
    return { named, running: rest.running.length };
  }

  #gather(user: string, session: string): Promise<GatheredOfUser> {
    const { reader, values } = this.#options;
    const { upTo = 0, openedMs: upToMs = 0 } = this.#find(user, session) ?? {};
    return gatherUser(reader, values, { user, upTo, upToMs });
  }

  #find(user: string, session: string): Session | undefined {
    return findSession(this.#options.fold.state, user, session);
  }

  #throwIfStopped(): void {
    if (this.#isStopped) throw new DspexError("unavailable", "the service stops; the next one goes on");
  }
}
