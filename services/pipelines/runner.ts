// Lets runs go on: one run at a time decides, appends, has asked for what that starts, and waits until its fold has passed it;
// runs do not wait for one another.
//
//   something came ─▶ decide ─▶ append (on the condition that nothing else happened) ─▶ requests, child runs, cancels ─▶ again

import type { Logger } from "pino";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import type { Asker } from "./asker.ts";
import { decideRun, type RunAppend } from "./decide.ts";
import type { Ender } from "./ender.ts";
import type { PipelinesEvent } from "./event.ts";
import type { PipelinesFold } from "./fold.ts";
import type { PipelineJournal } from "./journal.ts";
import { LoadedValues, type Loader } from "./loader.ts";
import { openKey, type Run } from "./run/state.ts";
import type { RunTimers } from "./run-timers.ts";
import type { RunSpans } from "./spans.ts";
import { compiledVersion, keyOf, registeredIn } from "./state.ts";
import type { Turns } from "./turns.ts";

const AGAIN_MS = 1_000;
const LONGEST_AGAIN_MS = 60_000;

export interface RunnerOptions {
  fold: PipelinesFold;
  journal: PipelineJournal;
  asker: Asker;
  loader: Loader;
  ender: Ender;
  timers: RunTimers;
  spans: RunSpans;
  turns: Turns;
  logger: Logger;
}

/** A run that decides. */
interface Going {
  /** Something has come since the decision that is under way. */
  again: boolean;
  loaded: LoadedValues;
  /** Where one event could not hold as much. */
  stepsAtMost?: number;
}

export class Runner {
  readonly #options: RunnerOptions;
  readonly #going = new Map<string, Going>();
  /** Instances whose time has come, by run, until the fold says otherwise: no failure on the way loses one. */
  readonly #due = new Map<string, Set<string>>();
  /** How often in a row a run could not decide. */
  readonly #failures = new Map<string, number>();
  #isLive = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** What was under way when the service ended goes on: asked for again, under the same ids. */
  start(): void {
    this.#isLive = true;
    const { fold, timers, asker, ender } = this.#options;
    for (const [key, run] of fold.state.runs) {
      for (const [instance, atMs] of run.due.entries()) timers.set(key, instance, atMs);
      asker.resume(key);
      ender.tellOn(run);
      this.#endUnlessAwaited(run);
    }
  }

  /** No decision begins any more; those that are under way are made and told. */
  async stop(): Promise<void> {
    this.#isLive = false;
    await this.#options.turns.idle();
  }

  onEvent(event: PipelinesEvent): void {
    if (!("name" in event)) return;
    const { user, name } = event;
    const key = keyOf(user, name);
    const { fold, timers, spans, asker, ender } = this.#options;
    const run = fold.state.runs.get(key);
    if (event.kind === "finished") {
      const { status, error, parent } = event.data;
      spans.end(key, status, error);
      timers.forget(key);
      asker.forget(key);
      this.#due.delete(key);
      this.#failures.delete(key);
      ender.tell(event);
      if (parent !== undefined) this.wake(keyOf(user, parent.run));
      return;
    }
    if (run === undefined) return;
    if (event.kind === "started" || event.kind === "progressed") timers.follow(key, run, event.data.steps);
    if (event.kind === "started" && this.#isLive) this.#endUnlessAwaited(run);
    this.wake(key);
  }

  /** A child whose parent has given it up before it was there. */
  #endUnlessAwaited({ parent, user, run }: Run): void {
    if (parent === undefined) return;
    const { fold, asker } = this.#options;
    const awaiting = fold.state.runs.get(keyOf(user, parent.run));
    if (awaiting?.open.has(openKey(parent.stage, parent.n)) !== true)
      asker.cancelChild(user, run, parent.run);
  }

  /** Something may follow for the run; `due` = an instance whose time may have come. */
  wake(key: string, due?: string): void {
    if (due !== undefined) {
      const all = this.#due.get(key) ?? new Set();
      this.#due.set(key, all.add(due));
    }
    if (!this.#isLive) return;
    const going = this.#going.get(key);
    if (going !== undefined) {
      going.again = true;
      return;
    }
    const now: Going = { again: false, loaded: new LoadedValues() };
    this.#going.set(key, now);
    void this.#go(key, now);
  }

  /** Never throws. */
  async #go(key: string, going: Going): Promise<void> {
    const { turns, logger, asker } = this.#options;
    try {
      do {
        going.again = false;
        while (this.#isLive && (await turns.take(key, () => this.#step(key, going))));
      } while (going.again && this.#isLive);
      this.#failures.delete(key);
      this.#going.delete(key);
    } catch (error) {
      this.#going.delete(key);
      if (!this.#isLive) return;
      const failures = this.#failures.get(key) ?? 0;
      this.#failures.set(key, failures + 1);
      logger.warn({ run: key, failures, error: asDspexError(error).message }, "run not decided, again soon");
      // It may have been stored all the same, and then nobody has asked for what it started.
      setTimeout(() => asker.resume(key), Math.min(AGAIN_MS * 2 ** failures, LONGEST_AGAIN_MS)).unref();
    }
  }

  /** One decision; whether another one may follow at once. */
  async #step(key: string, going: Going): Promise<boolean> {
    const { fold, loader, asker, ender } = this.#options;
    const run = fold.state.runs.get(key);
    if (run === undefined) {
      this.#due.delete(key);
      return false;
    }
    const refused = asker.refusedOf(run);
    const { last } = run;
    const nowMs = Math.max(Date.now(), fold.state.timeMs);
    const decided = decideRun(run, compiledVersion(fold.state, run.version), {
      nowMs,
      due: [...(this.#due.get(key) ?? [])],
      registered: registeredIn(fold.state),
      loaded: going.loaded,
      ...(refused !== undefined && { refused }),
      stepsAtMost: going.stepsAtMost,
    });
    if (decided.needs.length > 0) {
      await loader.load(run.user, decided.needs, going.loaded);
      return true;
    }
    // Whatever was too much for this one decision is none of the next one's.
    going.loaded = new LoadedValues();
    if (decided.append === undefined) {
      this.#settleDue(key, nowMs);
      return false;
    }
    const append =
      decided.append.verb === "finished" ? await ender.fitting(run, decided.append) : decided.append;
    const sequence = await this.#append(run, append, last, going);
    if (sequence === undefined) return true;
    asker.ask(run, decided);
    await fold.passed(sequence);
    // Now it shows whether the child is there, too.
    for (const child of decided.cancelRuns) asker.cancelChild(run.user, child, run.run);
    this.#settleDue(key, nowMs);
    if (append.verb === "finished" && fold.state.runs.get(key) === run)
      throw new DspexError("internal", `the end of run ${run.run} was stored and cannot be read`);
    return true;
  }

  /** Undefined = it is to be decided again. */
  async #append(
    run: Run,
    { verb, data }: RunAppend,
    last: number,
    going: Going,
  ): Promise<number | undefined> {
    const { journal } = this.#options;
    try {
      const sequence = await journal.append(run.user, run.run, verb, data, last, run.traceparent);
      delete going.stepsAtMost;
      return sequence;
    } catch (error) {
      const count = data.steps?.length ?? 0;
      if (asDspexError(error).code !== "payload_too_large" || count < 2) throw error;
      going.stepsAtMost = Math.ceil(count / 2);
      return undefined;
    }
  }

  /** What is still due waits for a slot; what is due later is looked at then. */
  #settleDue(key: string, nowMs: number): void {
    const { fold, timers } = this.#options;
    const due = this.#due.get(key);
    const run = fold.state.runs.get(key);
    for (const instance of due ?? []) {
      const atMs = run?.due.get(instance);
      if (atMs !== undefined && atMs <= nowMs) continue;
      due?.delete(instance);
      timers.set(key, instance, atMs);
    }
    if (due?.size === 0) this.#due.delete(key);
  }
}
