// One observer's share of the live events: what came for it and was not taken yet, bounded. Whoever is too slow reads on in
// the log from where it is.

import type { LogMessage } from "../log/message.ts";

/** Messages that wait for one observer; an answer has no more pieces than this. */
const MAX_WAITING = 256;

export type LiveMessage = Pick<LogMessage, "subject" | "sequence" | "timeMs" | "data" | "json" | "header">;

export class LiveListener {
  readonly patterns: readonly string[];
  /** Everything up to this sequence is to be read in the log, what comes after arrives here; undefined = nothing does yet. */
  historyTo: number | undefined;
  #waiting: LiveMessage[] = [];
  #isNews = false;
  #wake: (() => void) | undefined;

  constructor(patterns: readonly string[]) {
    this.patterns = patterns;
  }

  /** From now on `recent` and what comes after it arrives here; what had arrived before is in the log. */
  begin(historyTo: number, recent: Iterable<LiveMessage>): void {
    this.historyTo = historyTo;
    this.#waiting = [];
    for (const message of recent) this.hear(message);
    this.wake();
  }

  /** Nothing arrives until it begins again. */
  suspend(): void {
    this.historyTo = undefined;
    this.#waiting = [];
  }

  hear(message: LiveMessage): void {
    if (this.historyTo === undefined || message.sequence <= this.historyTo) return;
    this.#waiting.push(message);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting = [];
      this.historyTo = message.sequence;
    }
    this.wake();
  }

  /** The next one, for who has seen everything up to `position`; undefined where something before it is to be read. */
  next(position: number): LiveMessage | undefined {
    if (this.historyTo === undefined || position < this.historyTo) return undefined;
    for (;;) {
      const message = this.#waiting.shift();
      if (message === undefined || message.sequence > position) return message;
    }
  }

  wake(): void {
    this.#isNews = true;
    this.#wake?.();
  }

  /** Resolves when something has happened since the last time, or after so long. */
  async news(ms: number): Promise<void> {
    if (!this.#isNews) {
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      const timer = setTimeout(woken.resolve, ms);
      await woken.promise;
      clearTimeout(timer);
      this.#wake = undefined;
    }
    this.#isNews = false;
  }
}
