// The registry as commands use it: what is decided from its fold is appended on the condition that no variable has changed
// since; refused commands are recorded as well. One command at a time, so that only other instances can be faster.

import { type DspexError, isDspexError } from "../../schemas/errors.ts";
import { VARIABLE_EVENTS } from "../../schemas/messages/variable-event.ts";
import { VARIABLE_EVENTS_FILTER, variableEventSubject } from "../../schemas/subjects.ts";
import { Journal } from "../log/journal.ts";
import type { LiveFold } from "../log/live-fold.ts";
import { logRange } from "../log/range.ts";
import { type Repeated, repeat } from "../log/repeat.ts";
import type { LogPart } from "../log/start-part.ts";
import { type Command, decide } from "./decide.ts";
import type { VariableAppend } from "./event.ts";
import { liveVariables, type VariablesFold } from "./fold.ts";
import type { OptimizationsState } from "./optimize/state.ts";
import { rejectionOf } from "./rejection.ts";
import { decideRenewal } from "./renew.ts";
import type { VariablesState } from "./state.ts";

const RENEW_EVERY_MS = 60_000;

/** What was appended, or undefined where nothing changes. */
export type Done = (VariableAppend & { sequence: number }) | undefined;
type Decide = (state: VariablesState) => VariableAppend | undefined;

export class Registry {
  readonly #part: LogPart;
  readonly #fold: LiveFold<VariablesFold>;
  readonly #journal: Journal;
  #before: Promise<unknown> = Promise.resolve();
  #renewing: Repeated | undefined;

  constructor(part: LogPart) {
    this.#part = part;
    this.#fold = liveVariables(part);
    this.#journal = new Journal({ ...part, fold: this.#fold });
  }

  get state(): VariablesState {
    return this.#fold.state.variables;
  }
  get optimizations(): OptimizationsState {
    return this.#fold.state.optimizations;
  }

  /** Returns when the state is that of now, and what the log is about to forget has been told again. */
  async start(): Promise<void> {
    await this.#fold.start();
    await this.#renew();
    this.#renewing = repeat(
      RENEW_EVERY_MS,
      () => this.#renew(),
      (error) => this.#part.logger.warn({ error: error.message }, "variables not told again"),
    );
  }

  /**
   * Does what a command says; a command that is refused is recorded as such.
   * @param isDone asked before it is decided, each time: true = somebody has done it already.
   * @throws what `decide` throws; `conflict` when others change variables all the time.
   */
  async execute(command: Command, isDone: () => boolean = () => false): Promise<Done> {
    let refused: DspexError | undefined;
    const done = await this.#inTurn((state) => {
      refused = undefined;
      if (isDone()) return undefined;
      try {
        return decide(state, command);
      } catch (error) {
        if (!isDspexError(error)) throw error;
        refused = error;
        return rejectionOf(command, error);
      }
    }).catch((error: unknown) => {
      // That it could not be recorded is no news for who asked.
      if (refused === undefined) throw error;
      this.#part.logger.warn({ error: String(error) }, "refused command not recorded");
      return undefined;
    });
    if (refused !== undefined) throw refused;
    return done;
  }

  /** The state with everything that was in the log when it was asked for, by whichever instance. */
  async now(): Promise<VariablesState> {
    await this.passed(await this.#journal.last(VARIABLE_EVENTS_FILTER));
    return this.state;
  }

  /** Returns when the event of that sequence is part of the state. */
  passed(sequence: number): Promise<void> {
    return this.#fold.passed(sequence);
  }

  /** Resolves at the next event. */
  changed(): Promise<void> {
    return this.#fold.changed();
  }

  /** Changes come in groups: one snapshot for each group. */
  snapshotSoon(): void {
    this.#fold.snapshotSoon();
  }

  async stop(): Promise<void> {
    this.#renewing?.stop();
    await this.#fold.stop();
  }

  #inTurn(decideNow: Decide): Promise<Done> {
    const mine = this.#before.then(() => this.#append(decideNow));
    this.#before = mine.catch(() => {});
    return mine;
  }

  async #append(decideNow: Decide): Promise<Done> {
    const done = await this.#journal.execute({
      scope: VARIABLE_EVENTS_FILTER,
      what: "one of the variables",
      decide: () => {
        const decided = decideNow(this.state);
        if (decided === undefined) return undefined;
        const { verb } = decided;
        return { ...decided, subject: variableEventSubject(verb), type: VARIABLE_EVENTS[verb].type };
      },
    });
    if (done !== undefined) this.snapshotSoon();
    return done;
  }

  async #renew(): Promise<void> {
    const { reader, logger } = this.#part;
    const range = await logRange(reader);
    if (range === undefined) return;
    while ((await this.#inTurn((state) => decideRenewal(state, range))) !== undefined)
      logger.info("variables told again");
  }
}
