// Keeps the number of open sessions below the configured one: the least recently used that is idle has to go.

import type { SessionsConfig } from "./config.ts";
import { decideBound, decideKept } from "./decide.ts";
import type { SessionsFold } from "./fold.ts";
import type { SessionJournal } from "./journal.ts";

export class OpenBound {
  readonly #fold: SessionsFold;
  readonly #journal: SessionJournal;
  readonly #config: SessionsConfig;
  #isWorking = false;

  constructor(fold: SessionsFold, journal: SessionJournal, config: SessionsConfig) {
    this.#fold = fold;
    this.#journal = journal;
    this.#config = config;
  }

  /** Something was opened. Never throws: the next time comes with the next session. */
  async check(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      for (;;) {
        const { live, timeMs } = this.#fold.state;
        const expired = decideBound(live, timeMs, this.#config);
        if (expired === undefined) return;
        const { user, session } = expired.data;
        const appended = await this.#journal.execute(user, session, (now) =>
          now?.status === "open" && now.open.length === 0 ? expired : undefined,
        );
        if (appended !== undefined)
          await this.#journal.execute(user, session, (now) => decideKept(now, this.#config));
      }
    } catch {
      // The log is away or full: the bound is a bound on memory, not on correctness.
    } finally {
      this.#isWorking = false;
    }
  }
}
