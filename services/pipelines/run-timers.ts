// When runs have to be looked at though nothing happens: due times of the fold in one wheel. Whether something is really
// due the state says when its time comes.

import { DeadlineWheel } from "../router/deadline-wheel.ts";

const SEPARATOR = "\n";

export class RunTimers {
  readonly #wheel = new DeadlineWheel(Date.now());
  /** What is in the wheel, by run and instance: what has ended leaves nothing behind. */
  readonly #set = new Map<string, Map<string, number>>();
  readonly #timer: NodeJS.Timeout;

  constructor(tickMs: number, onDue: (run: string, instance: string) => void) {
    this.#timer = setInterval(() => {
      for (const id of this.#wheel.due(Date.now())) {
        const at = id.indexOf(SEPARATOR);
        const run = id.slice(0, at);
        const instance = id.slice(at + 1);
        this.#set.get(run)?.delete(instance);
        onDue(run, instance);
      }
    }, tickMs).unref();
  }

  /** Undefined = nothing is due there any more. */
  set(run: string, instance: string, atMs: number | undefined): void {
    let known = this.#set.get(run);
    const before = known?.get(instance);
    if (before === atMs) return;
    if (before !== undefined) this.#wheel.remove(`${run}${SEPARATOR}${instance}`, before);
    if (atMs === undefined) {
      known?.delete(instance);
      return;
    }
    if (known === undefined) {
      known = new Map();
      this.#set.set(run, known);
    }
    known.set(instance, atMs);
    this.#wheel.add(`${run}${SEPARATOR}${instance}`, atMs);
  }

  /** The run has ended. */
  forget(run: string): void {
    for (const [instance, atMs] of this.#set.get(run) ?? [])
      this.#wheel.remove(`${run}${SEPARATOR}${instance}`, atMs);
    this.#set.delete(run);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
