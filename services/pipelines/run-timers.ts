// When runs have to be looked at though nothing happens: due times of the fold in one wheel. Whether something is really
// due the state says when its time comes.

import type { PipelineStep } from "../../schemas/messages/pipeline-event.ts";
import { DeadlineWheel } from "../router/deadline-wheel.ts";
import { instanceKey, type Run } from "./run/state.ts";

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

  /** What the steps of an event have changed in the run. */
  follow(key: string, run: Run, steps: readonly PipelineStep[]): void {
    this.set(key, "", run.due.get(""));
    for (const step of steps) {
      if (!("stage" in step) || step.stage === undefined) continue;
      const { path = "" } = step as { path?: string };
      // A body is one of the stage in whose frame it is.
      const isBody = step.kind === "entered" || step.kind === "left" || step.kind === "dropped";
      const of = isBody ? path.slice(0, Math.max(path.lastIndexOf("/"), 0)) : path;
      const instance = instanceKey(of, step.stage);
      this.set(key, instance, run.due.get(instance));
    }
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
