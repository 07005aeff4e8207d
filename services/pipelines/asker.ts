// Asks for what a decision of a run started, once that is stored: requests of its stages, child runs, and cancels of what
// was given up. Whatever is asked for twice has the same id, so that it runs once.

import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import type { ErrorCode } from "../../schemas/error-codes.ts";
import { asDspexError, DspexError, type WireError } from "../../schemas/errors.ts";
import { REQUEST_TYPE } from "../../schemas/messages/request.ts";
import { REQUEST_EVENTS } from "../../schemas/messages/request-event.ts";
import { requestEventSubject, requestSubject, resultSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import { nowText } from "../bus/clock.ts";
import type { ClaimCheck } from "../log/claim-check.ts";
import { childCommand } from "./child-command.ts";
import { type Decided, decideStart } from "./decide.ts";
import type { PipelinesFold } from "./fold.ts";
import type { PipelineJournal } from "./journal.ts";
import { LoadedValues, type Loader } from "./loader.ts";
import { openOf } from "./run/between.ts";
import { Evaluator } from "./run/evaluate.ts";
import { MissingValues } from "./run/needs.ts";
import {
  type Asked,
  type Outgoing,
  type OutgoingChild,
  type OutgoingRequest,
  outgoingOf,
} from "./run/outgoing.ts";
import { openKey, type Run, stageOfKey } from "./run/state.ts";
import { compiledVersion, keyOf, registeredIn } from "./state.ts";
import type { Turns } from "./turns.ts";

const AGAIN_MS = 1_000;
/** Runs that are looked through at once for what is to be asked for again. */
const RESUMED_AT_ONCE = 32;

/** Tried again these may go well; whatever else is wrong will be wrong the next time, too. */
const PASSING: ReadonlySet<string> = new Set<ErrorCode>([
  "unavailable",
  "overloaded",
  "conflict",
  "internal",
]);

/** What cannot be asked for, by instance. */
export type Refused = Map<string, { n: number; error: WireError }>;

export interface AskerOptions {
  source: string;
  fold: PipelinesFold;
  journal: PipelineJournal;
  appender: Appender;
  loader: Loader;
  claims: ClaimCheck;
  turns: Turns;
  logger: Logger;
  /** Something may follow for the run. */
  wake: (key: string) => void;
}

export class Asker {
  readonly #options: AskerOptions;
  readonly #refused = new Map<string, Refused>();
  /** Runs that are to be asked for again in a moment, each once, however much of it has failed. */
  readonly #later = new Set<string>();
  readonly #toResume = new Set<string>();
  #resuming = 0;
  #isStopped = false;

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#isStopped = true;
  }

  ask(run: Run, { outgoing, cancels }: Pick<Decided, "outgoing" | "cancels">): void {
    for (const one of outgoing) this.#send(run, one);
    for (const id of cancels) void this.#cancel(id);
  }

  /** What of a run could not be asked for and is on all the same. */
  refusedOf(run: Run): Refused | undefined {
    const key = keyOf(run.user, run.run);
    const refused = this.#refused.get(key);
    for (const [instance, { n }] of refused ?? [])
      if (run.open.get(openKey(stageOfKey(instance), n)) !== instance) refused?.delete(instance);
    if (refused?.size === 0) this.#refused.delete(key);
    return refused?.size === 0 ? undefined : refused;
  }

  /** The run has ended. */
  forget(key: string): void {
    this.#refused.delete(key);
  }

  /** The wish is recorded; the run ends by it when it decides. */
  cancelRun(user: string, name: string, by: string, reason?: string): Promise<boolean> {
    const { fold, journal, turns } = this.#options;
    const key = keyOf(user, name);
    return turns.take(key, async () => {
      for (;;) {
        const run = fold.state.runs.get(key);
        if (run === undefined || run.cancel !== undefined || run.outcome !== undefined) return false;
        const data = { run: name, user, by, ...(reason !== undefined && { reason }) };
        const sequence = await journal.append(user, name, "cancelled", data, run.last, run.traceparent);
        if (sequence === undefined) continue;
        await fold.passed(sequence);
        return true;
      }
    });
  }

  cancelChild(user: string, name: string, parent: string): void {
    this.cancelRun(user, name, `parent/${parent}`).catch((error: Error) => {
      // It ends by its deadline, or is told again when its parent is resumed.
      if (!this.#isStopped)
        this.#options.logger.warn({ run: name, error: error.message }, "run not cancelled");
    });
  }

  /** Asks again, under the same ids, for all that is on. What fails is tried again. */
  resume(key: string): void {
    this.#toResume.add(key);
    this.#resumeNext();
  }

  /** The same in a moment: something of the run could not be told. */
  resumeLater(key: string): void {
    if (this.#isStopped || this.#later.has(key)) return;
    this.#later.add(key);
    setTimeout(() => {
      this.#later.delete(key);
      if (!this.#isStopped) this.resume(key);
    }, AGAIN_MS).unref();
  }

  #resumeNext(): void {
    for (const key of this.#toResume) {
      if (this.#resuming >= RESUMED_AT_ONCE || this.#isStopped) return;
      this.#toResume.delete(key);
      this.#resuming++;
      void this.#resume(key).finally(() => {
        this.#resuming--;
        this.#resumeNext();
      });
    }
  }

  /** Never throws. */
  async #resume(key: string): Promise<void> {
    const { fold, logger, wake } = this.#options;
    const run = fold.state.runs.get(key);
    if (run === undefined) return;
    try {
      for (const asked of [...openOf(run)]) await this.#askAgain(key, asked);
      wake(key);
    } catch (thrown) {
      if (this.#isStopped) return;
      logger.warn({ run: key, error: asDspexError(thrown).message }, "run not resumed, again in a second");
      this.resumeLater(key);
    }
  }

  /** @throws what passes; what does not fails that stage alone. */
  async #askAgain(key: string, asked: Asked): Promise<void> {
    const { fold, loader } = this.#options;
    const loaded = new LoadedValues();
    for (;;) {
      const run = fold.state.runs.get(key);
      // It may have ended meanwhile, and what was asked for with it.
      if (run === undefined || run.open.get(openKey(asked.stage, asked.n)) !== asked.key) return;
      const compiled = compiledVersion(fold.state, run.version);
      try {
        const evaluator = new Evaluator(run, compiled, loaded);
        this.#send(run, outgoingOf(run, compiled, evaluator, registeredIn(fold.state), asked));
        return;
      } catch (error) {
        if (error instanceof MissingValues) await loader.load(run.user, error.needs, loaded);
        else if (PASSING.has(asDspexError(error).code)) throw error;
        else return this.#refuse(run, { instance: asked.key, n: asked.n }, error);
      }
    }
  }

  #send(run: Run, one: Outgoing): void {
    const { logger } = this.#options;
    const sent = one.kind === "request" ? this.#request(run, one) : this.#startChild(run, one);
    sent.catch((thrown) => {
      if (this.#isStopped) return;
      const error = asDspexError(thrown);
      if (!PASSING.has(error.code)) return this.#refuse(run, one, error);
      logger.warn({ run: run.run, error: error.message }, "not asked for, again in a second");
      this.resumeLater(keyOf(run.user, run.run));
    });
  }

  #refuse(run: Run, { instance, n }: { instance: string; n: number }, error: unknown): void {
    const { logger, wake } = this.#options;
    const key = keyOf(run.user, run.run);
    const wire = asDspexError(error).toWire();
    logger.warn({ run: key, instance, error: wire.message }, "cannot be asked for");
    const refused = this.#refused.get(key) ?? new Map();
    this.#refused.set(key, refused.set(instance, { n, error: wire }));
    wake(key);
  }

  async #request(run: Run, { id, program, data }: OutgoingRequest): Promise<void> {
    const { source, appender, claims } = this.#options;
    const shrunk = claims.shrink(data.inputs, run.user);
    const inputs = shrunk instanceof Promise ? await shrunk : shrunk;
    const event = cloudEvent(REQUEST_TYPE, source, id, nowText(), { ...data, inputs }, run.traceparent);
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

  async #startChild(run: Run, one: OutgoingChild): Promise<void> {
    const { fold, journal, claims } = this.#options;
    const { user } = run;
    const key = keyOf(user, one.run);
    const inputs = await claims.shrink(one.inputs, user);
    const { state } = fold;
    if (state.runs.has(key) || state.ended.has(key)) return;
    const definition = state.definitions.get(one.version)?.definition;
    if (definition === undefined)
      throw new DspexError(
        "not_found",
        `pipeline "${one.pipeline}" has no version "${one.version}" any more`,
      );
    const input = { nowMs: Date.now(), due: [], registered: registeredIn(state), loaded: new Map() };
    const owner = state.pipelines.has(keyOf(user, one.pipeline)) ? user : "shared";
    const command = childCommand(run, { ...one, inputs }, { owner, definition, nowMs: input.nowMs });
    const decided = decideStart(command, compiledVersion(state, one.version), input);
    const { append } = decided;
    if (append === undefined) return;
    const last = state.pipelines.get(key)?.last ?? 0;
    // It runs already where this is refused.
    const sequence = await journal.append(user, one.run, append.verb, append.data, last, run.traceparent);
    if (sequence === undefined) return;
    await fold.passed(sequence);
    const child = fold.state.runs.get(key);
    if (child !== undefined) this.ask(child, decided);
  }

  async #cancel(id: string): Promise<void> {
    const { source, appender, logger } = this.#options;
    const { type } = REQUEST_EVENTS["cancel-requested"];
    const event = cloudEvent(type, source, randomUUID(), nowText(), { id });
    try {
      await appender.append(requestEventSubject("cancel-requested"), stringifyJson(event));
    } catch (error) {
      // It ends by its deadline.
      logger.warn({ id, error: asDspexError(error).message }, "not cancelled");
    }
  }
}
