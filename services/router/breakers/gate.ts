// Lets one attempt at a time try what a breaker has shut. The fold knows of an attempt when its work is in the log; in
// a burst a router has decided on others by then, and they must not all try it.

import { blockedForMs, triableKeys } from "./blocked.ts";
import type { Breakers } from "./state.ts";

/** An attempt of which the fold has seen nothing for so long is given up. */
const UNSEEN_MS = 60_000;
/** How soon to ask again while another one tries it. */
const RETRY_MS = 1_000;

export class TrialGate {
  readonly #tried = new Map<string, { id: string; sinceMs: number }>();

  /** For how long the attempt has to wait, ms; 0 = it goes on. */
  enter(breakers: Breakers, keys: readonly string[], id: string, nowMs: number): number {
    if (breakers.byKey.size === 0) return 0;
    const waitMs = blockedForMs(breakers, keys, nowMs);
    if (waitMs > 0) return waitMs;
    const triable = triableKeys(breakers, keys, nowMs);
    for (const key of triable) {
      const other = this.#tried.get(key);
      if (other !== undefined && other.id !== id && nowMs < other.sinceMs + UNSEEN_MS) return RETRY_MS;
    }
    for (const key of triable) this.#tried.set(key, { id, sinceMs: nowMs });
    return 0;
  }

  /** The fold has seen what became of it. */
  leave(id: string): void {
    for (const [key, tried] of this.#tried) if (tried.id === id) this.#tried.delete(key);
  }
}
