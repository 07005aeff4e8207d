// Tells people what happens to breakers: every router's fold sees it, the one that had the attempt in hand writes it.
// The state does not depend on it, so what a router that dies leaves untold stays untold.

import type { Logger } from "pino";
import { BREAKER_EVENTS, type BreakerChanged } from "../../../schemas/messages/breaker-event.ts";
import { breakerEventSubject } from "../../../schemas/subjects.ts";
import type { BreakerChange } from "./state.ts";

/** Changes by failures that another router may handle. */
const MOST_KEPT = 1_000;

type Append = (subject: string, type: string, data: BreakerChanged) => Promise<void>;

export class BreakerTeller {
  readonly #append: Append;
  readonly #logger: Logger;
  /** By the sequence of the failure: whoever handles that tells. */
  readonly #kept = new Map<number, readonly BreakerChange[]>();

  constructor(append: Append, logger: Logger) {
    this.#append = append;
    this.#logger = logger;
  }

  keep(sequence: number, changes: readonly BreakerChange[]): void {
    this.#kept.set(sequence, changes);
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value as number);
  }

  /** The failure at `sequence` is this router's to handle. */
  tellKept(sequence: number): void {
    const changes = this.#kept.get(sequence);
    if (changes === undefined) return;
    this.#kept.delete(sequence);
    this.tell(changes);
  }

  tell(changes: readonly BreakerChange[]): void {
    for (const { verb, openUntilMs, ...change } of changes) {
      const openUntil = openUntilMs === undefined ? {} : { openUntil: new Date(openUntilMs).toISOString() };
      const { key, failures } = change;
      this.#logger.warn({ key, failures, ...openUntil }, `breaker ${verb}: ${change.reason}`);
      this.#append(breakerEventSubject(verb), BREAKER_EVENTS[verb].type, { ...change, ...openUntil }).catch(
        (error: Error) => this.#logger.warn({ key, error: error.message }, "breaker event not stored"),
      );
    }
  }
}
