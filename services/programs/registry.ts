// The shell around the registry: follows the program events, and appends what is decided, conditional on nobody having
// been faster; then it decides again.

import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { PROGRAM_EVENTS, type ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { PROGRAM_EVENTS_FILTER, programEventSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "../log/follow.ts";
import type { LogMessage } from "../log/message.ts";
import type { Decided } from "./decide.ts";
import { decodeEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { initialState, type ProgramsState } from "./state.ts";

const ATTEMPTS = 20;

export interface RegistryOptions {
  instance: number;
  appender: Appender;
  logger: Logger;
}

export class Registry {
  state: ProgramsState = initialState();
  readonly #options: RegistryOptions;
  #follower: Follower | undefined;
  #folded = Promise.withResolvers<void>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Program events are few (registrations): the fold starts from the beginning of the log. */
  async start(connection: NatsConnection): Promise<void> {
    this.#follower = await follow(connection, {
      role: "programs",
      n: this.#options.instance,
      fromSequence: 1,
      filters: [PROGRAM_EVENTS_FILTER],
      onMessage: (message) => this.#onMessage(message),
    });
    await this.#follower.caughtUp;
  }

  /** Appends what `decide` says of the current state; returns whether anything changed. */
  async execute(name: string, decide: (state: ProgramsState) => Decided): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { registered, expectedLastSequence } = decide(this.state);
      if (registered === undefined) return false;
      const { registered: event } = PROGRAM_EVENTS;
      const source = `programs/${this.#options.instance}`;
      const body = stringifyJson(
        cloudEvent(event.type, source, randomUUID(), new Date().toISOString(), registered),
      );
      try {
        const sequence = await this.#options.appender.append(programEventSubject(name, "registered"), body, {
          expectedLastSequence,
          expectedSubject: programEventSubject(name, "*"),
        });
        await this.passed(sequence);
        return true;
      } catch (error) {
        if (!isWrongLastSequence(error)) throw error;
        await this.#folded.promise;
      }
    }
    throw new DspexError("conflict", `program "${name}" is being registered by others all the time`, {
      retryable: true,
    });
  }

  /** Resolves when the fold has passed a sequence of a program event. */
  async passed(sequence: number): Promise<void> {
    while (this.state.sequence < sequence) await this.#folded.promise;
  }

  find(name: string, version?: string): ProgramDefinition {
    const program = this.state.programs.get(name);
    if (program === undefined || program.status === "removed") {
      throw new DspexError("unknown_program", `no program "${name}" is registered`);
    }
    const found = program.versions.get(version ?? program.current);
    if (found === undefined)
      throw new DspexError("unknown_version", `program "${name}" has no version "${version}"`);
    return found.definition;
  }

  async stop(): Promise<void> {
    await this.#follower?.stop();
  }

  #onMessage(message: LogMessage): void {
    try {
      const event = decodeEvent(message);
      if (event !== undefined) this.state = evolve(this.state, event);
    } catch (error) {
      this.#options.logger.warn(
        { sequence: message.sequence, error: String(error) },
        "unreadable program event skipped",
      );
    }
    this.#folded.resolve();
    this.#folded = Promise.withResolvers();
  }
}
