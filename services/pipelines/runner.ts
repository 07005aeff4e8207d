// Lets runs go on: one run at a time decides, appends, asks for what that starts, and waits until its fold has passed it;
// runs do not wait for one another.
//
//   something came ─▶ decide ─▶ append (on the condition that nothing else happened) ─▶ requests, child runs, cancels ─▶ again

import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { asDspexError } from "../../schemas/errors.ts";
import { REQUEST_TYPE } from "../../schemas/messages/request.ts";
import { REQUEST_EVENTS } from "../../schemas/messages/request-event.ts";
import { requestEventSubject, requestSubject, resultSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import { type Decided, decideRun, decideStart, outgoingOfRun } from "./decide.ts";
import type { PipelinesEvent } from "./event.ts";
import type { PipelinesFold } from "./fold.ts";
import type { Journal } from "./journal.ts";
import type { Loader } from "./loader.ts";
import { MissingValues } from "./run/evaluate.ts";
import type { Outgoing, OutgoingRequest } from "./run/outgoing.ts";
import { instanceKey, openKey, type Run } from "./run/state.ts";
import type { RunTimers } from "./run-timers.ts";
import type { RunSpans } from "./spans.ts";
import { compiledVersion, keyOf, registeredIn } from "./state.ts";

/** Values of one run that are kept between two of its decisions. */
const KEPT_VALUES = 256;
const AGAIN_MS = 1_000;

export interface RunnerOptions {
  instance: number;
  fold: PipelinesFold;
  journal: Journal;
  appender: Appender;
  loader: Loader;
  claims: ClaimCheck;
  timers: RunTimers;
  spans: RunSpans;
  logger: Logger;
}

interface Going {
  /** Something has come since the decision that is under way. */
  again: boolean;
  due: Set<string>;
}

export class Runner {
  readonly #options: RunnerOptions;
  readonly #going = new Map<string, Going>();
  #isLive = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /** What was under way when the service ended goes on: asked for again, under the same ids. */
  start(): void {
    this.#isLive = true;
    const { fold, timers } = this.#options;
    for (const [key, run] of fold.state.runs) {
      for (const [instance, atMs] of run.due.entries()) timers.set(key, instance, atMs);
      void this.#resume(key);
      const { parent, user } = run;
      if (parent === undefined) continue;
      // Its parent may have given it up just before.
      const waits = fold.state.runs.get(keyOf(user, parent.run))?.open.has(openKey(parent.stage, parent.n));
      if (waits !== true) void this.cancelRun(user, run.run, `parent/${parent.run}`);
    }
  }

  stop(): void {
    this.#isLive = false;
  }

  onEvent(event: PipelinesEvent): void {
    if (!("name" in event)) return;
    const { user, name } = event;
    const key = keyOf(user, name);
    const { fold, timers, spans } = this.#options;
    const run = fold.state.runs.get(key);
    if (event.kind === "finished") {
      spans.end(key, event.data.status, event.data.error);
      timers.forget(key);
      const parent = fold.state.ended.get(key)?.parent;
      if (parent !== undefined) this.wake(keyOf(user, parent.run));
      return;
    }
    if (run === undefined) return;
    if (event.kind === "started") timers.set(key, "", run.deadlineAtMs);
    if (event.kind === "started" || event.kind === "progressed") {
      for (const step of event.data.steps) {
        if (!("stage" in step) || step.stage === undefined) continue;
        const path = "path" in step && step.path !== undefined ? step.path : "";
        const isFrame = step.kind === "entered" || step.kind === "left";
        const of = isFrame ? path.slice(0, Math.max(path.lastIndexOf("/"), 0)) : path;
        const instance = instanceKey(of, step.stage);
        timers.set(key, instance, run.due.get(instance));
      }
    }
    this.wake(key);
  }

  /** Something may follow for the run; `due` = an instance whose time may have come. */
  wake(key: string, due?: string): void {
    if (!this.#isLive) return;
    const going = this.#going.get(key);
    if (going !== undefined) {
      going.again = true;
      if (due !== undefined) going.due.add(due);
      return;
    }
    const now: Going = { again: false, due: new Set(due === undefined ? [] : [due]) };
    this.#going.set(key, now);
    void this.#go(key, now);
  }

  async #go(key: string, going: Going): Promise<void> {
    const { logger } = this.#options;
    try {
      const loaded = new Map<string, unknown>();
      do {
        going.again = false;
        while (this.#isLive && (await this.#step(key, going, loaded)));
      } while (going.again && this.#isLive);
      this.#going.delete(key);
    } catch (error) {
      this.#going.delete(key);
      if (!this.#isLive) return;
      logger.warn({ run: key, error: asDspexError(error).message }, "run not decided, again in a second");
      setTimeout(() => {
        this.wake(key);
        for (const due of going.due) this.wake(key, due);
      }, AGAIN_MS).unref();
    }
  }

  /** One decision; whether another one may follow at once. */
  async #step(key: string, going: Going, loaded: Map<string, unknown>): Promise<boolean> {
    const { fold, journal, loader } = this.#options;
    const run = fold.state.runs.get(key);
    if (run === undefined) return false;
    const compiled = compiledVersion(fold.state, run.version);
    const due = [...going.due];
    const { last } = run;
    const decided = decideRun(run, compiled, {
      nowMs: Math.max(Date.now(), fold.state.timeMs),
      due,
      registered: registeredIn(fold.state),
      loaded,
    });
    if (decided.needs.length > 0) {
      if (loaded.size > KEPT_VALUES) loaded.clear();
      await loader.load(run.user, decided.needs, loaded);
      return true;
    }
    for (const one of due) going.due.delete(one);
    if (decided.append === undefined) return false;
    const { verb, data } = await this.#fitting(run, decided.append);
    const sequence = await journal.append(run.user, run.run, verb, data, last, run.traceparent);
    if (sequence === undefined) {
      for (const one of due) going.due.add(one);
      return true;
    }
    this.ask(run, decided);
    await fold.passed(sequence);
    return true;
  }

  /** Outputs of a run that are too large for a message travel as references. */
  async #fitting(run: Run, append: NonNullable<Decided["append"]>): Promise<NonNullable<Decided["append"]>> {
    if (append.verb !== "finished" || append.data.outputs === undefined) return append;
    const outputs = await this.#options.claims.shrink(append.data.outputs, run.user);
    return { verb: "finished", data: { ...append.data, outputs } };
  }

  ask(run: Run, { outgoing, cancels, cancelRuns }: Decided): void {
    for (const one of outgoing) this.#send(run, one);
    for (const id of cancels) void this.#cancel(id);
    for (const child of cancelRuns) void this.cancelRun(run.user, child, `parent/${run.run}`);
  }

  #send(run: Run, one: Outgoing): void {
    const { logger } = this.#options;
    const sent = one.kind === "request" ? this.#request(run, one) : this.#startChild(run, one);
    sent.catch((error) => {
      if (!this.#isLive) return;
      logger.warn({ run: run.run, error: asDspexError(error).message }, "not asked for, again in a second");
      setTimeout(() => {
        // Whoever has it may have ended meanwhile.
        if (this.#isLive) void this.#resume(keyOf(run.user, run.run));
      }, AGAIN_MS).unref();
    });
  }

  async #request(run: Run, { id, program, data }: OutgoingRequest): Promise<void> {
    const { instance, appender, claims } = this.#options;
    const shrunk = claims.shrink(data.inputs, run.user);
    const inputs = shrunk instanceof Promise ? await shrunk : shrunk;
    const time = new Date().toISOString();
    const event = cloudEvent(
      REQUEST_TYPE,
      `pipelines/${instance}`,
      id,
      time,
      { ...data, inputs },
      run.traceparent,
    );
    try {
      await appender.append(requestSubject(run.user, program), stringifyJson(event), {
        // What has a result is not asked for again.
        expectedLastSequence: 0,
        expectedSubject: resultSubject(id),
      });
    } catch (error) {
      if (!isWrongLastSequence(error)) throw error;
    }
  }

  async #startChild(run: Run, one: Extract<Outgoing, { kind: "child" }>): Promise<void> {
    const { fold, journal } = this.#options;
    const { user } = run;
    if (fold.state.runs.has(keyOf(user, one.run)) || fold.state.ended.has(keyOf(user, one.run))) return;
    const known = fold.state.pipelines;
    const owner = known.has(keyOf(user, one.pipeline)) ? user : "shared";
    const { priority, prefer, variables, stream } = run.options;
    const options = withoutAbsent({ priority, prefer, variables, stream, deadlineMs: childDeadline(run) });
    const decided = decideStart(
      {
        run: one.run,
        user,
        pipeline: one.pipeline,
        owner,
        version: one.version,
        inputs: one.inputs,
        options,
        parent: one.parent,
        depth: run.depth + 1,
        ...(run.traceparent !== undefined && { traceparent: run.traceparent }),
      },
      compiledVersion(fold.state, one.version),
      { nowMs: Date.now(), due: [], registered: registeredIn(fold.state), loaded: new Map() },
    );
    const { append } = decided;
    if (append === undefined) return;
    const last = known.get(keyOf(user, one.run))?.last ?? 0;
    // It runs already where this is refused.
    const sequence = await journal.append(user, one.run, append.verb, append.data, last, run.traceparent);
    if (sequence === undefined) return;
    await fold.passed(sequence);
    const child = fold.state.runs.get(keyOf(user, one.run));
    if (child !== undefined) this.ask(child, decided);
  }

  /** The wish is recorded; the run ends by it when it decides. */
  async cancelRun(user: string, name: string, by: string, reason?: string): Promise<boolean> {
    const { fold, journal } = this.#options;
    for (;;) {
      const run = fold.state.runs.get(keyOf(user, name));
      if (run === undefined || run.cancel !== undefined || run.outcome !== undefined) return false;
      const data = { run: name, user, by, ...(reason !== undefined && { reason }) };
      const sequence = await journal.append(user, name, "cancelled", data, run.last, run.traceparent);
      if (sequence === undefined) continue;
      await fold.passed(sequence);
      return true;
    }
  }

  async #cancel(id: string): Promise<void> {
    const { instance, appender, logger } = this.#options;
    const { type } = REQUEST_EVENTS["cancel-requested"];
    const event = cloudEvent(type, `pipelines/${instance}`, randomUUID(), new Date().toISOString(), { id });
    try {
      await appender.append(requestEventSubject("cancel-requested"), stringifyJson(event));
    } catch (error) {
      // It ends by its deadline.
      logger.warn({ id, error: asDspexError(error).message }, "not cancelled");
    }
  }

  async #resume(key: string): Promise<void> {
    const { fold, loader, logger } = this.#options;
    const loaded = new Map<string, unknown>();
    for (;;) {
      const run = fold.state.runs.get(key);
      if (run === undefined || !this.#isLive) return;
      try {
        const compiled = compiledVersion(fold.state, run.version);
        const input = { nowMs: Date.now(), due: [], registered: registeredIn(fold.state), loaded };
        for (const one of outgoingOfRun(run, compiled, input)) this.#send(run, one);
        // Of a run that was cancelled, its children may not have heard.
        this.wake(key);
        return;
      } catch (error) {
        if (!(error instanceof MissingValues)) {
          logger.error({ run: key, error: asDspexError(error).message }, "run not resumed");
          return;
        }
        await loader.load(run.user, error.needs, loaded);
      }
    }
  }
}

/** A child has the time that its parent has. */
function childDeadline(run: Run): number {
  return Math.max(run.deadlineAtMs - run.startedMs, 1);
}

function withoutAbsent<Values extends object>(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Values;
}
