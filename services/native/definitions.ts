// Which programs there are, by name and version, and how choices lean to their labels: a fold of the program events and of
// the published policies. Work may come before the program's event: then it waits for the fold.

import type { Logger } from "pino";
import { z } from "zod";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { DspexError } from "../../schemas/errors.ts";
import { type Calibration, programPolicySchema } from "../../schemas/messages/policy-event.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import { PROGRAM_EVENTS_FILTER, policyEventSubject } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "../log/follow.ts";
import type { LogReader } from "../log/read.ts";
import { decodeEvent } from "../programs/event.ts";
import { evolve } from "../programs/evolve.ts";
import { initialState, type ProgramsState } from "../programs/state.ts";
import { definitionIn } from "../programs/versions/decide.ts";

const PATIENCE_MS = 5_000;
const POLICY_UPDATED = policyEventSubject("updated");
/** Of a published policy only this is looked at. */
const leaningsSchema = z.object({
  programs: z.array(programPolicySchema.pick({ program: true, calibrations: true })),
});

interface Followed {
  subject: string;
  sequence: number;
  timeMs: number;
  json(): unknown;
}

export class Definitions {
  #state: ProgramsState = initialState();
  #follower: Follower | undefined;
  #folded = Promise.withResolvers<void>();
  readonly #calibrations = new Map<string, readonly Calibration[]>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Sequence of the last program event that was folded. */
  get sequence(): number {
    return this.#state.sequence;
  }

  /** Policies are published for as long as there are requests: of those before now only the last is read. */
  async start(connection: NatsConnection, reader: LogReader, role: string, n: number): Promise<void> {
    const last = await reader.last(POLICY_UPDATED);
    const open = async (fromSequence: number, filters: string[]): Promise<Follower> => {
      const onMessage = (message: Followed) => this.#fold(message);
      const follower = await follow(connection, { role, n, fromSequence, filters, onMessage });
      await follower.caughtUp;
      return follower;
    };
    if (last !== null) {
      this.#fold(last);
      await (await open(1, [PROGRAM_EVENTS_FILTER])).stop();
    }
    this.#follower = await open(last?.sequence ?? 1, [PROGRAM_EVENTS_FILTER, POLICY_UPDATED]);
  }

  /** How a choice leans, as it was published last; `arm` = its key. */
  calibrationOf(program: string, arm: string): Calibration | undefined {
    return this.#calibrations.get(program)?.find((calibration) => calibration.arm === arm);
  }

  /** @throws DspexError `module_not_found` when the version does not come within a few seconds. */
  async find(program: string, version: string): Promise<ProgramDefinition> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const known = this.#state.programs.get(program);
      const found = known && definitionIn(known, version);
      if (found !== undefined) return found;
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

  #fold(message: Followed): void {
    try {
      if (message.subject === POLICY_UPDATED) this.#policyUpdated(message);
      else this.#programChanged(message);
    } catch (error) {
      const { subject, sequence } = message;
      this.#logger.warn({ subject, sequence, error: String(error) }, "unreadable event skipped");
    }
    this.#folded.resolve();
    this.#folded = Promise.withResolvers();
  }

  #programChanged(message: Followed): void {
    // The second follower begins before the end of the first.
    if (message.sequence <= this.#state.sequence) return;
    const event = decodeEvent(message);
    if (event !== undefined) this.#state = evolve(this.#state, event);
  }

  #policyUpdated(message: Followed): void {
    const { programs } = leaningsSchema.parse((message.json() as CloudEvent<unknown>).data);
    for (const { program, calibrations } of programs) {
      if (calibrations.length > 0) this.#calibrations.set(program, calibrations);
      else this.#calibrations.delete(program);
    }
  }
}
