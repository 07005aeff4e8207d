// Which programs there are, by name and version: a fold of the program events, so that a worker knows the signature of
// the work it gets. Work may come before the event that it is of: then it waits for the fold.

import type { Logger } from "pino";
import { DspexError } from "../../schemas/errors.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { PROGRAM_EVENTS_FILTER } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "../log/follow.ts";
import { decodeEvent } from "../programs/event.ts";
import { evolve } from "../programs/evolve.ts";
import { initialState, type ProgramsState } from "../programs/state.ts";

const PATIENCE_MS = 5_000;

export class Definitions {
  #state: ProgramsState = initialState();
  #follower: Follower | undefined;
  #folded = Promise.withResolvers<void>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Sequence of the last program event that was folded. */
  get sequence(): number {
    return this.#state.sequence;
  }

  async start(connection: NatsConnection, role: string, n: number): Promise<void> {
    this.#follower = await follow(connection, {
      role,
      n,
      fromSequence: 1,
      filters: [PROGRAM_EVENTS_FILTER],
      onMessage: (message) => {
        try {
          const event = decodeEvent(message);
          if (event !== undefined) this.#state = evolve(this.#state, event);
        } catch (error) {
          this.#logger.warn(
            { sequence: message.sequence, error: String(error) },
            "unreadable program event skipped",
          );
        }
        this.#folded.resolve();
        this.#folded = Promise.withResolvers();
      },
    });
    await this.#follower.caughtUp;
  }

  /** @throws DspexError `module_not_found` when the version does not come within a few seconds. */
  async find(program: string, version: string): Promise<ProgramDefinition> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = this.#state.programs.get(program)?.versions.get(version);
      if (found !== undefined) return found.definition;
      const left = deadline - performance.now();
      if (left <= 0)
        throw new DspexError("module_not_found", `no definition of "${program}" version "${version}"`);
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(timeout.resolve, left);
      await Promise.race([this.#folded.promise, timeout.promise]);
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    await this.#follower?.stop();
  }
}
