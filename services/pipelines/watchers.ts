// Who waits for something to happen to a run.

import type { PipelinesEvent } from "./event.ts";
import { keyOf } from "./state.ts";

export class RunWatchers {
  readonly #watching = new Map<string, Set<() => void>>();
  #isStopped = false;

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Nobody is to wait any longer. */
  stop(): void {
    this.#isStopped = true;
    for (const watchers of this.#watching.values()) for (const wake of watchers) wake();
  }

  /** Told of each event of the run until it is disposed of. */
  watch(user: string, run: string, onEvent: () => void): Disposable {
    const key = keyOf(user, run);
    const watchers = this.#watching.get(key) ?? new Set();
    this.#watching.set(key, watchers.add(onEvent));
    return {
      [Symbol.dispose]: () => {
        watchers.delete(onEvent);
        if (watchers.size === 0 && this.#watching.get(key) === watchers) this.#watching.delete(key);
      },
    };
  }

  tell(event: PipelinesEvent): void {
    if (!("name" in event) || event.kind === "result") return;
    for (const wake of this.#watching.get(keyOf(event.user, event.name)) ?? []) wake();
  }
}
