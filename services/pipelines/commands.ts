// What users may do with runs; each is decided from the state and appended on the condition that nothing else happened.

import { randomBytes } from "node:crypto";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { PipelineRunOptions } from "../../schemas/messages/pipeline-event.ts";
import { pipelineEventSubject } from "../../schemas/subjects.ts";
import type { LogReader } from "../log/read.ts";
import type { Asker } from "./asker.ts";
import type { Definitions } from "./definitions.ts";
import type { PipelinesFold } from "./fold.ts";
import type { PipelineJournal } from "./journal.ts";
import { LoadedValues, type Loader } from "./loader.ts";
import { retell } from "./retell.ts";
import { reusableOf, reuseWithin } from "./reuse.ts";
import { RUN_BOUNDS } from "./run/bounds.ts";
import { signalValues } from "./run/signal-values.ts";
import type { RunStarter } from "./starter.ts";
import { compiledOf, compiledVersion, findPipeline, findVersion, keyOf, registeredIn } from "./state.ts";
import type { Turns } from "./turns.ts";

const ATTEMPTS = 20;

export interface CommandsOptions {
  fold: PipelinesFold;
  journal: PipelineJournal;
  reader: LogReader;
  asker: Asker;
  loader: Loader;
  turns: Turns;
  definitions: Definitions;
  starter: RunStarter;
}

export interface RunCommand {
  pipeline?: string | undefined;
  definition?: unknown;
  version?: string | undefined;
  inputs: Record<string, unknown>;
  run?: string | undefined;
  options?: PipelineRunOptions | undefined;
  traceparent?: string | undefined;
}

export interface RerunCommand {
  from?: string | undefined;
  inputs?: Record<string, unknown> | undefined;
  /** Of the new run: asked twice with the same one it is one. */
  as?: string | undefined;
  traceparent?: string | undefined;
}

export interface Signal {
  signal: string;
  data?: Record<string, unknown> | undefined;
  key?: string | undefined;
}

interface Begun {
  run: string;
  version: string;
}

export class PipelineCommands {
  readonly #options: CommandsOptions;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  get definitions(): Definitions {
    return this.#options.definitions;
  }

  async run(user: string, command: RunCommand): Promise<Begun> {
    const { fold, definitions, starter } = this.#options;
    const { run = newRunId(), inputs, options, traceparent } = command;
    const common = {
      run,
      user,
      inputs,
      depth: 0,
      ...(options !== undefined && { options }),
      ...(traceparent !== undefined && { traceparent }),
    };
    if (command.definition !== undefined) {
      const { definition, version, compiled } = definitions.checked(user, command.definition);
      const kept = fold.state.definitions.get(version);
      // Whoever runs the same again shares what is made of it.
      const ready = kept === undefined ? compiled : compiledOf(kept.definition, version);
      return starter.start({ ...common, pipeline: definition.name, version, definition }, ready);
    }
    const { pipeline = "" } = command;
    const known = findPipeline(fold.state, user, pipeline);
    if (known === undefined)
      throw new DspexError("not_found", `no pipeline "${pipeline}"`, { path: "pipeline" });
    const wanted = command.version ?? this.#versionOf(user, run, pipeline);
    const found = findVersion(known, wanted);
    if (found === undefined)
      throw new DspexError("unknown_version", `pipeline "${pipeline}" has no version "${wanted}"`, {
        path: "version",
      });
    const { version } = found;
    const compiled = compiledVersion(fold.state, version);
    return starter.start({ ...common, pipeline, version, owner: known.owner }, compiled);
  }

  async rerun(user: string, name: string, how: RerunCommand): Promise<Begun> {
    const { fold, reader, starter } = this.#options;
    const told = await retell(reader, fold.state, user, name);
    const { run: before, compiled, started } = told;
    const stages = await this.#reusable(user, told, how.from);
    const { pipeline, version, owner, definition, options } = started;
    const { from, traceparent } = how;
    const command = {
      run: how.as ?? newRunId(),
      user,
      pipeline,
      version,
      ...(owner !== undefined && { owner }),
      ...(definition !== undefined && { definition }),
      inputs: how.inputs ?? started.inputs,
      ...(options !== undefined && { options }),
      depth: 0,
      ...(traceparent !== undefined && { traceparent }),
    };
    const reuse = { run: before.run, ...(from !== undefined && { from }), stages };
    return starter.start({ ...command, reuse: reuseWithin(reuse, command) }, compiled);
  }

  async #reusable(
    user: string,
    { run, compiled }: Awaited<ReturnType<typeof retell>>,
    from: string | undefined,
  ) {
    const { fold, loader } = this.#options;
    const loaded = new LoadedValues();
    const registered = registeredIn(fold.state);
    for (;;) {
      const { stages, needs } = reusableOf(run, compiled, from, registered, loaded);
      if (needs.length === 0) return stages;
      await loader.load(user, needs, loaded);
    }
  }

  /** The run that there is already: asked for again after a new version was registered, it is still that one. */
  #versionOf(user: string, run: string, pipeline: string): string | undefined {
    const { state } = this.#options.fold;
    const known = state.runs.get(keyOf(user, run)) ?? state.ended.get(keyOf(user, run));
    return known?.pipeline === pipeline ? known.version : undefined;
  }

  signal(user: string, name: string, told: Signal): Promise<void> {
    return this.#options.turns.take(keyOf(user, name), () => this.#signal(user, name, told));
  }

  async #signal(user: string, name: string, { signal, data, key }: Signal): Promise<void> {
    const { fold, journal } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const run = fold.state.runs.get(keyOf(user, name));
      if (run === undefined) {
        const ended = await this.#endedStatus(user, name);
        throw new DspexError("gone", `run "${name}" has ${ended}`);
      }
      if (key !== undefined && run.signalKeys.has(key)) return;
      const values = signalValues(compiledVersion(fold.state, run.version), signal, data);
      if (run.signals.size >= RUN_BOUNDS.keptSignals)
        throw new DspexError(
          "overloaded",
          `run "${name}" has ${run.signals.size} signals that no stage has taken`,
          { retryAfterMs: 1_000 },
        );
      const event = {
        run: name,
        user,
        signal,
        by: user,
        ...(values !== undefined && { data: values }),
        ...(key !== undefined && { key }),
      };
      const sequence = await journal.append(user, name, "signalled", event, run.last, run.traceparent);
      if (sequence === undefined) continue;
      await fold.passed(sequence);
      return;
    }
    throw new DspexError("conflict", `run "${name}" goes on all the time`, { retryable: true });
  }

  async cancel(user: string, name: string, reason: string | undefined): Promise<{ status: string }> {
    const { fold, asker } = this.#options;
    if (!fold.state.runs.has(keyOf(user, name))) return { status: await this.#endedStatus(user, name) };
    await asker.cancelRun(user, name, user, reason);
    return { status: "cancel-requested" };
  }

  /** @throws DspexError `not_found` */
  async #endedStatus(user: string, name: string): Promise<string> {
    const { fold, reader } = this.#options;
    const ended = fold.state.ended.get(keyOf(user, name));
    if (ended !== undefined) return ended.status;
    const message = await reader.last(pipelineEventSubject(user, name, "finished"));
    if (message === null) throw new DspexError("not_found", `no run "${name}"`);
    return (message.json() as CloudEvent<{ status: string }>).data.status;
  }
}

function newRunId(): string {
  return randomBytes(8).toString("hex");
}
