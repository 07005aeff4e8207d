// The registry as commands use it: what is decided from its fold is appended on the condition that nothing else has
// happened to that program, and what the log is about to forget is told again.

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
import { programEventSubject } from "../../schemas/subjects.ts";
import { Journal } from "../log/journal.ts";
import { type LogRange, logRange } from "../log/range.ts";
import { type Repeated, repeat } from "../log/repeat.ts";
import type { LogPart } from "../log/start-part.ts";
import { decideRenewal } from "./decide.ts";
import { type ProgramsFold, programsFold } from "./fold.ts";
import type { ProgramsState } from "./state.ts";
import { decideCanaryRenewal } from "./versions/canary/decide.ts";
import {
  decideDeclared,
  decideVersionRenewal,
  decideWanted,
  decideWantedRenewal,
  definitionIn,
} from "./versions/decide.ts";

const RENEW_EVERY_MS = 60_000;

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

export class Registry {
  readonly #part: LogPart;
  readonly #fold: ProgramsFold;
  readonly journal: Journal;
  #renewing: Repeated | undefined;

  constructor(part: LogPart) {
    this.#part = part;
    this.#fold = programsFold(part);
    this.journal = new Journal({ ...part, fold: this.#fold });
  }

  get state(): ProgramsState {
    return this.#fold.state;
  }

  /** Returns when the state is that of now, and what the log is about to forget has been told again. */
  async start(): Promise<void> {
    await this.#fold.start();
    // A promotion whose registration a crash has kept back.
    for (const name of [...this.state.programs.keys()]) {
      if (decideWanted(this.state, name) !== undefined)
        await this.execute(name, "registered", (state) => decideWanted(state, name));
    }
    await this.#renew();
    this.#renewing = repeat(
      RENEW_EVERY_MS,
      () => this.#renew(),
      (error) => this.#part.logger.warn({ error: error.message }, "programs not told again"),
    );
  }

  /** What the configuration declares is registered where it is new, changed, and not replaced by a promoted version. */
  async declare(definitions: readonly ProgramDefinition[]): Promise<void> {
    for (const definition of definitions) {
      const declared = (state: ProgramsState) => decideDeclared(state, definition, "config");
      if (declared(this.state) !== undefined) await this.execute(definition.name, "registered", declared);
    }
  }

  /** Appends what `decide` says of the current state; returns whether anything changed. */
  async execute<Verb extends keyof Changes>(
    name: string,
    verb: Verb,
    decide: (state: ProgramsState) => Changes[Verb] | undefined,
  ): Promise<boolean> {
    const { type } = EVENTS[verb];
    const subject = programEventSubject(name, verb);
    const done = await this.journal.execute({
      // All that can happen to this program: a removal must not pass a registration unseen.
      scope: programEventSubject(name, "*"),
      what: `program "${name}"`,
      decide: () => {
        const data = decide(this.state);
        return data && { subject, type, data };
      },
    });
    if (done !== undefined) this.#fold.snapshotSoon();
    return done !== undefined;
  }

  /** Returns when all of the scope that was in the log when this was asked is part of the state, by whichever instance. */
  async upTo(scope: string): Promise<void> {
    await this.passed(await this.journal.last(scope));
  }

  /** Returns when the event of that sequence is part of the state. */
  passed(sequence: number): Promise<void> {
    return this.#fold.passed(sequence);
  }

  /** Resolves at the next event. */
  changed(): Promise<void> {
    return this.#fold.changed();
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
    this.#renewing?.stop();
    await this.#fold.stop();
  }

  async #renew(): Promise<void> {
    const { reader, logger } = this.#part;
    const range = await logRange(reader);
    if (range === undefined) return;
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
}
