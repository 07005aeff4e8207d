// The shell of searches for better values: starts what may start, makes sure that its requests are in the log, puts what
// they found in force, and back. Everything follows from the fold, so a service that comes up later, or beside another
// one, does the same; what has been done already is left.
//
//   queued ─▶ started ─▶ request o.<run> ─▶ result ─▶ values in force ─▶ request o.<run>-check ─▶ result ─▶ finished
//                                            └─ no better ─▶ finished              └─ worse: values before ─▶ finished

import type { Logger } from "pino";
import { asDspexError, type DspexError } from "../../../schemas/errors.ts";
import { OPTIMIZATION_EVENTS_FILTER, optimizationEventSubject } from "../../../schemas/subjects.ts";
import type { Appender } from "../../bus/append.ts";
import { Journal } from "../../log/journal.ts";
import type { LogReader } from "../../log/read.ts";
import type { VariablesConfig } from "../config.ts";
import type { SetCommand } from "../decide.ts";
import type { Registry } from "../registry.ts";
import {
  type Answered,
  applyCommand,
  type Check,
  checkAnswer,
  type Report,
  regressionIn,
  rollBackCommand,
  searchAnswer,
} from "./conclude.ts";
import { decideExpire, decideStart } from "./decide.ts";
import { checkOf, EVENTS, type OptimizationAppend } from "./event.ts";
import { running } from "./queue.ts";
import { RunRequests } from "./requests.ts";
import type { VariableRun } from "./state.ts";
import { registerTuner } from "./tuner.ts";

const RETRY_MS = 2_000;
const LONGEST_TIMER_MS = 3_600_000;

export interface RunsOptions {
  registry: Registry;
  appender: Appender;
  reader: LogReader;
  config: VariablesConfig;
  source: string;
  logger: Logger;
}

type Ending = Extract<OptimizationAppend, { verb: "finished" }>["data"];

export class Runs {
  readonly #options: RunsOptions;
  /** Runs that are being worked on here. */
  readonly #busy = new Set<string>();
  readonly #requests: RunRequests;
  readonly #journal: Journal;
  #isTunerKnown = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#requests = new RunRequests(options.reader, options.appender);
    this.#journal = new Journal({ ...options, fold: options.registry });
  }

  /** Goes on with what is in the log, and from then on with whatever happens. */
  start(): void {
    const { registry } = this.#options;
    const look = (): void => {
      if (this.#stopped) return;
      this.#look();
      void registry.changed().then(look);
    };
    look();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /**
   * Appends what is decided from the state of now, by whichever instance; undefined = nothing.
   * @throws what `decide` throws.
   */
  async append(
    decide: () => OptimizationAppend | undefined,
  ): Promise<(OptimizationAppend & { sequence: number }) | undefined> {
    const done = await this.#journal.execute({
      scope: OPTIMIZATION_EVENTS_FILTER,
      what: "one of the optimisations",
      decide() {
        const decided = decide();
        if (decided === undefined) return undefined;
        const { verb, data } = decided;
        return { ...decided, subject: optimizationEventSubject(data.run, verb), type: EVENTS[verb].type };
      },
    });
    if (done !== undefined) this.#options.registry.snapshotSoon();
    return done;
  }

  #look(): void {
    const { registry } = this.#options;
    this.#begin("", () => this.#startNext());
    for (const run of running(registry.optimizations)) this.#begin(run.run, () => this.#advance(run));
    this.#wakeForLeases();
  }

  /** One thing at a time for each name; what fails is tried again. */
  #begin(name: string, work: () => Promise<void>): void {
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    const { registry } = this.#options;
    const { sequence } = registry.state;
    work().then(
      () => {
        this.#busy.delete(name);
        // What happened meanwhile was not looked at.
        if (registry.state.sequence !== sequence && !this.#stopped) this.#look();
      },
      (error: Error) => {
        this.#options.logger.warn({ run: name, error: error.message }, "optimisation not advanced yet");
        setTimeout(() => {
          this.#busy.delete(name);
          if (!this.#stopped) this.#look();
        }, RETRY_MS).unref();
      },
    );
  }

  async #startNext(): Promise<void> {
    const { registry, reader, appender, source, config } = this.#options;
    const next = () => decideStart(registry.state, registry.optimizations, config);
    if (next() === undefined) return;
    if (!this.#isTunerKnown) await registerTuner(reader, appender, source);
    this.#isTunerKnown = true;
    while ((await this.append(next)) !== undefined) this.#options.logger.info("optimisation started");
  }

  /** The next thing that the run needs; whatever follows begins with the event that it leads to. */
  async #advance(run: VariableRun): Promise<void> {
    const awaited = run.applied === undefined ? run.answered : run.checked;
    // What is answered counts, however late somebody comes to read it: until then nobody else has the variables.
    if (awaited === undefined && decideExpire(run, Date.now()) !== undefined) return this.#expire(run);
    if (run.answered === undefined) return this.#requests.send(run, false);
    if (run.applied === undefined) return this.#settle(run);
    if (run.checked === undefined) return this.#requests.send(run, true);
    return this.#check(run);
  }

  /** Values that were not measured once they were in force do not stay. */
  async #expire(run: VariableRun): Promise<void> {
    if (run.applied !== undefined) {
      const command = rollBackCommand(run, "with the new values in force nothing was measured in time");
      await this.#set(command, () => run.rolledBack !== undefined);
    }
    await this.append(() => decideExpire(run, Date.now()));
  }

  async #settle(run: VariableRun): Promise<void> {
    const result = await this.#requests.result(run, run.run);
    const answer: Answered<Report> = searchAnswer(result);
    if (answer.status === "cancelled") return this.#end(run, "cancelled");
    if (answer.status === "failed") return this.#end(run, "failed", answer.error);
    const { report } = answer;
    const command = applyCommand(run, report);
    const ending = { report, applied: false, rolledBack: false, result: run.answered ?? 0 };
    if (command === undefined) return this.#finish(run, ending);
    const refusal = await this.#set(command, () => run.applied !== undefined);
    if (refusal !== undefined) return this.#finish(run, { ...ending, why: refusal.message });
    // Nothing was to be changed: no event tells of it.
    if (run.applied === undefined) return this.#finish(run, ending);
  }

  async #check(run: VariableRun): Promise<void> {
    const searched: Answered<Report> = searchAnswer(await this.#requests.result(run, run.run));
    const checked: Answered<Check> = checkAnswer(await this.#requests.result(run, checkOf(run.run)));
    if (searched.status !== "succeeded") return this.#end(run, searched.status);
    const check =
      checked.status === "succeeded"
        ? checked.report
        : checked.status === "failed"
          ? { error: checked.error.toWire() }
          : { cancelled: true };
    const ending = { report: searched.report, check, result: run.answered ?? 0 };
    const why = regressionIn(run, checked);
    if (why === undefined) return this.#finish(run, { ...ending, applied: true, rolledBack: false });
    const refusal = await this.#set(rollBackCommand(run, why), () => run.rolledBack !== undefined);
    // Somebody else has set them since: theirs stay.
    const told = refusal === undefined ? why : `${why}; not rolled back: ${refusal.message}`;
    return this.#finish(run, { ...ending, applied: false, rolledBack: refusal === undefined, why: told });
  }

  /** Returns why it was refused. */
  async #set(command: SetCommand, isDone: () => boolean): Promise<DspexError | undefined> {
    try {
      await this.#options.registry.execute(command, isDone);
      return undefined;
    } catch (thrown) {
      const error = asDspexError(thrown);
      // The log may be away, or others change variables all the time.
      if (error.retryable) throw error;
      return error;
    }
  }

  async #finish(run: VariableRun, how: Omit<Ending, "run" | "program" | "variables">): Promise<void> {
    const { run: name, program, variables } = run;
    const why = how.why?.slice(0, 1_024);
    const data = { run: name, program, variables, ...how, ...(why !== undefined && { why }) };
    await this.append(() => (run.status === "running" ? { verb: "finished", data } : undefined));
  }

  async #end(run: VariableRun, how: "cancelled" | "failed", error?: DspexError): Promise<void> {
    const about = { run: run.run, program: run.program };
    await this.append(() => {
      if (run.status !== "running") return undefined;
      return error === undefined || how === "cancelled"
        ? { verb: "cancelled", data: about }
        : { verb: "failed", data: { ...about, error: error.toWire() } };
    });
  }

  /** Leases end without any event. */
  #wakeForLeases(): void {
    clearTimeout(this.#timer);
    const ends = running(this.#options.registry.optimizations).map(({ leaseEndsMs = 0 }) => leaseEndsMs);
    if (ends.length === 0 || this.#stopped) return;
    const inMs = Math.max(0, Math.min(...ends) - Date.now()) + 1;
    this.#timer = setTimeout(() => this.#look(), Math.min(inMs, LONGEST_TIMER_MS)).unref();
  }
}
