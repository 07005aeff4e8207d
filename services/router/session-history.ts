// What was said in a request's session before: it is the request's turn, so all of it is in the log.

import type { LogReader } from "../log/read.ts";
import { type History, type HistoryBounds, historyOf } from "../sessions/history.ts";
import type { AttemptOrder } from "./decide.ts";
import type { RouterFold } from "./fold.ts";
import type { Hand } from "./hand.ts";

export class SessionHistory {
  readonly #fold: RouterFold;
  readonly #reader: LogReader;
  readonly #bounds: HistoryBounds;

  constructor(fold: RouterFold, reader: LogReader, bounds: HistoryBounds) {
    this.#fold = fold;
    this.#reader = reader;
    this.#bounds = bounds;
  }

  /** Undefined outside of a session. @throws DspexError `unavailable` when the log does not answer. */
  of({ options }: AttemptOrder, { open: { user } }: Hand): Promise<History> | undefined {
    const { session } = options;
    if (session === undefined) return undefined;
    return historyOf(this.#fold.state.sessions, this.#reader, { user, session }, this.#bounds);
  }
}
