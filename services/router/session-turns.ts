// One turn of a session at a time, in the order of the log: requests wait here until all turns before theirs are in the
// log. Each router holds those that it took; the fold tells all of them whose turn it is.

import { DspexError } from "../../schemas/errors.ts";
import { nextOf, type SessionsView, turnOf } from "../sessions/turns.ts";
import type { Hand } from "./hand.ts";

/** A turn takes a while: who was turned away may ask again then. */
const FULL_RETRY_MS = 1_000;

interface SessionName {
  user: string;
  session: string;
}

export interface SessionTurnsOptions {
  /** The fold's view and the log's time, as they are now. */
  now: () => { view: SessionsView; nowMs: number };
  /** A request in a session that ended opens it again. */
  reopen: boolean;
}

export class SessionTurns {
  readonly #options: SessionTurnsOptions;
  /** By request id. */
  readonly #waiting = new Map<string, () => void>();

  constructor(options: SessionTurnsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when it is the request's turn, or nobody waits for it any more.
   * @returns an error where it will never be: `gone`, `overloaded`.
   */
  async turn(hand: Hand, session: string): Promise<DspexError | undefined> {
    const { id, user, sequence } = hand.open;
    while (!hand.aborted) {
      const { view, nowMs } = this.#options.now();
      const turn = turnOf(view, { user, session, id, sequence }, { reopen: this.#options.reopen, nowMs });
      switch (turn.status) {
        case "now":
          return undefined;
        case "gone":
          return new DspexError("gone", `session "${session}" is ${turn.why}`, { path: "session" });
        case "overloaded":
          return new DspexError("overloaded", `session "${session}" has ${turn.waiting} turns waiting`, {
            retryAfterMs: FULL_RETRY_MS,
          });
        case "waits":
          await this.#wait(id, hand.signal);
      }
    }
    return undefined;
  }

  /** Something happened to a session: lets the next of its requests go on, if it waits here. */
  moved({ user, session }: SessionName): void {
    if (this.#waiting.size === 0) return;
    const { view, nowMs } = this.#options.now();
    const next = nextOf(view, user, session, nowMs);
    if (next !== undefined) this.#waiting.get(next)?.();
  }

  #wait(id: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiting.delete(id);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiting.set(id, done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
