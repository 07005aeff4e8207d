// The shell around the registry: follows the program events, and appends what is decided, conditional on nobody having
// been faster; then it decides again.

import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import {
  PROGRAM_EVENTS,
  type ProgramDefinition,
  type ProgramRegistered,
  type ProgramRemoved,
} from "../../schemas/messages/program-event.ts";
import {
  type CanaryStarted,
  VERSION_EVENTS,
  type VersionPromoted,
  type VersionPublished,
  type VersionRolledBack,
  type VersionWithdrawn,
} from "../../schemas/messages/version-event.ts";
import { ANY_SUBJECT, programEventSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { isWrongLastSequence } from "../bus/append-errors.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "../log/follow.ts";
import type { LogMessage } from "../log/message.ts";
import type { ObjectBucket } from "../log/objects.ts";
import type { LogReader } from "../log/read.ts";
import { loadSnapshot, storeSnapshot } from "../log/snapshot.ts";
import { decideRenewal, type LogRange } from "./decide.ts";
import { decodeEvent, PROGRAMS_FILTERS } from "./event.ts";
import { evolve } from "./evolve.ts";
import {
  initialState,
  PROGRAMS_EVOLVE_VERSION,
  type ProgramsState,
  stateFromJson,
  stateToJson,
} from "./state.ts";
import { decideCanaryRenewal } from "./versions/canary/decide.ts";
import {
  decideDeclared,
  decideVersionRenewal,
  decideWanted,
  decideWantedRenewal,
  definitionIn,
} from "./versions/decide.ts";

const ATTEMPTS = 20;
const RENEW_EVERY_MS = 3_600_000;
const SNAPSHOT_DELAY_MS = 1_000;

/** What may happen to a program, with what is told of it. */
interface Changes {
  registered: ProgramRegistered;
  removed: ProgramRemoved;
  "version-published": VersionPublished;
  "canary-started": CanaryStarted;
  promoted: VersionPromoted;
  "rolled-back": VersionRolledBack;
  withdrawn: VersionWithdrawn;
}
const EVENTS = { ...PROGRAM_EVENTS, ...VERSION_EVENTS };

export interface RegistryOptions {
  instance: number;
  appender: Appender;
  reader: LogReader;
  snapshots: ObjectBucket;
  logger: Logger;
}

export class Registry {
  state: ProgramsState = initialState();
  readonly #options: RegistryOptions;
  #follower: Follower | undefined;
  #folded = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;
  #snapshotTimer: NodeJS.Timeout | undefined;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Returns when the state is that of now, and what the log is about to forget has been told again. */
  async start(connection: NatsConnection): Promise<void> {
    const snapshot = await loadSnapshot(this.#options.snapshots, PROGRAMS_EVOLVE_VERSION);
    if (snapshot !== undefined) this.state = stateFromJson(snapshot.state);
    this.#follower = await follow(connection, {
      role: "programs",
      n: this.#options.instance,
      fromSequence: this.state.sequence + 1,
      filters: PROGRAMS_FILTERS,
      onMessage: (message) => this.#onMessage(message),
    });
    await this.#follower.caughtUp;
    // A promotion whose registration a crash has kept back.
    for (const name of [...this.state.programs.keys()])
      await this.execute(name, "registered", (state) => decideWanted(state, name));
    await this.#renew();
    this.#timer = setInterval(() => {
      this.#renew().catch((error: Error) =>
        this.#options.logger.warn({ error: error.message }, "programs not renewed"),
      );
    }, RENEW_EVERY_MS).unref();
  }

  /** What the configuration declares is registered where it is new, changed, and not replaced by a promoted version. */
  async declare(definitions: readonly ProgramDefinition[]): Promise<void> {
    for (const definition of definitions)
      await this.execute(definition.name, "registered", (state) =>
        decideDeclared(state, definition, "config"),
      );
  }

  /** Appends what `decide` says of the current state; returns whether anything changed. */
  async execute<Verb extends keyof Changes>(
    name: string,
    verb: Verb,
    decide: (state: ProgramsState) => Changes[Verb] | undefined,
  ): Promise<boolean> {
    const { reader, appender } = this.#options;
    const subject = programEventSubject(name, verb);
    // All that can happen to this program: a removal must not pass a registration unseen.
    const expectedSubject = programEventSubject(name, "*");
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const last = (await reader.last(expectedSubject))?.sequence ?? 0;
      await this.passed(last);
      const decided = decide(this.state);
      if (decided === undefined) return false;
      try {
        const event = this.#event(EVENTS[verb].type, decided);
        const sequence = await appender.append(subject, event, {
          expectedLastSequence: last,
          expectedSubject,
        });
        await this.passed(sequence);
        this.#snapshotSoon();
        return true;
      } catch (error) {
        if (!isWrongLastSequence(error)) throw error;
      }
    }
    throw new DspexError("conflict", `program "${name}" is being changed by others all the time`, {
      retryable: true,
    });
  }

  /** Returns when the event of that sequence is part of the state. */
  async passed(sequence: number): Promise<void> {
    while (this.state.sequence < sequence) await this.#folded.promise;
  }

  /** Resolves at the next event. */
  changed(): Promise<void> {
    return this.#folded.promise;
  }

  /** @throws DspexError `unknown_program`, `unknown_version` */
  find(name: string, version?: string): ProgramDefinition {
    const program = this.state.programs.get(name);
    if (program === undefined || program.status === "removed") {
      throw new DspexError("unknown_program", `no program "${name}" is registered`);
    }
    const found = definitionIn(program, version ?? program.current);
    if (found === undefined) {
      throw new DspexError("unknown_version", `program "${name}" has no version "${version}"`);
    }
    return found;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#snapshotTimer);
    await this.#follower?.stop();
  }

  async #renew(): Promise<void> {
    const { reader, logger } = this.#options;
    const [first, last] = await Promise.all([reader.next(ANY_SUBJECT, 1), reader.last(ANY_SUBJECT)]);
    if (first === null || last === null) return;
    const range = { firstSequence: first.sequence, lastSequence: last.sequence };
    for (const name of [...this.state.programs.keys()]) {
      if (
        decideRenewal(this.state, name, range) !== undefined &&
        (await this.execute(name, "registered", (state) => decideRenewal(state, name, range)))
      )
        logger.info({ program: name }, "program told again");
      await this.#renewVersions(name, range);
    }
  }

  /** After the registration: a canary is one beside the version in use. */
  async #renewVersions(name: string, range: LogRange): Promise<void> {
    while (decideVersionRenewal(this.state, name, range) !== undefined)
      await this.execute(name, "version-published", (state) => decideVersionRenewal(state, name, range));
    if (decideWantedRenewal(this.state, name, range) !== undefined)
      await this.execute(name, "promoted", (state) => decideWantedRenewal(state, name, range));
    if (decideCanaryRenewal(this.state, name, range) !== undefined)
      await this.execute(name, "canary-started", (state) => decideCanaryRenewal(state, name, range));
  }

  #event(type: string, data: object): string {
    const source = `programs/${this.#options.instance}`;
    return stringifyJson(cloudEvent(type, source, randomUUID(), new Date().toISOString(), data));
  }

  /** Registrations come in groups, at the start of an application: one snapshot for each group. */
  #snapshotSoon(): void {
    this.#snapshotTimer ??= setTimeout(() => {
      this.#snapshotTimer = undefined;
      this.#snapshot();
    }, SNAPSHOT_DELAY_MS).unref();
  }

  #snapshot(): void {
    const { snapshots, logger } = this.#options;
    storeSnapshot(snapshots, PROGRAMS_EVOLVE_VERSION, this.state.sequence, stateToJson(this.state)).catch(
      (error: Error) => logger.warn({ error: error.message }, "snapshot not stored"),
    );
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
    this.state.sequence = message.sequence;
    this.#folded.resolve();
    this.#folded = Promise.withResolvers();
  }
}
