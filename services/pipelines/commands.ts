// What users may do with pipelines and runs; each is decided from the state and appended on the condition that nothing
// else happened.

import { randomBytes } from "node:crypto";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { MAX_BODY_BYTES } from "../../schemas/limits.ts";
import type { PipelineRunOptions, PipelineStarted } from "../../schemas/messages/pipeline-event.ts";
import { validateOutputs } from "../../schemas/signature/values.ts";
import { pipelineEventSubject } from "../../schemas/subjects.ts";
import type { RegisteredPipeline } from "../client/pipelines/answers.ts";
import type { LogReader } from "../log/read.ts";
import { decideStart, hashOf, type StartCommand } from "./decide.ts";
import type { Compiled, DefinitionProblem } from "./definition/compiled.ts";
import { type Normalised, normalise } from "./definition/normalise.ts";
import { validate } from "./definition/validate.ts";
import type { PipelinesFold } from "./fold.ts";
import type { Journal } from "./journal.ts";
import type { Loader } from "./loader.ts";
import { retell } from "./retell.ts";
import { reusableOf } from "./reuse.ts";
import { RUN_BOUNDS } from "./run/bounds.ts";
import type { Runner } from "./runner.ts";
import { type RunSpans, startRunSpan } from "./spans.ts";
import {
  compiledOf,
  compiledVersion,
  findPipeline,
  findVersion,
  keyOf,
  PIPELINES_BOUNDS,
  registeredIn,
} from "./state.ts";

const ATTEMPTS = 20;

export interface CommandsOptions {
  fold: PipelinesFold;
  journal: Journal;
  reader: LogReader;
  runner: Runner;
  loader: Loader;
  spans: RunSpans;
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

export class PipelineCommands {
  readonly #options: CommandsOptions;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  /** Everything that is wrong with it. @throws DspexError where its shape is wrong */
  validate(
    user: string,
    declaration: unknown,
  ): Normalised & { compiled: Compiled; problems: DefinitionProblem[] } {
    const { state } = this.#options.fold;
    const normalised = normalise(declaration);
    const registered = registeredIn(state);
    const { compiled, problems } = validate(normalised, {
      program(name, version) {
        const found = registered.program(name, version)?.signature;
        if (found !== undefined) return found;
        const isKnown = registered.program(name) !== undefined;
        return isKnown
          ? `program "${name}" has no version "${version}"`
          : `no program "${name}" is registered`;
      },
      pipeline(name, version) {
        const found = registered.pipeline(user, name, version)?.signature;
        if (found !== undefined) return found;
        const isKnown = registered.pipeline(user, name) !== undefined;
        return isKnown
          ? `pipeline "${name}" has no version "${version}"`
          : `no pipeline "${name}" is registered`;
      },
    });
    return { ...normalised, compiled, problems };
  }

  /** @throws DspexError `invalid_inputs` with all problems in its details */
  checked(user: string, declaration: unknown): Normalised & { compiled: Compiled } {
    const { problems, ...rest } = this.validate(user, declaration);
    const [first] = problems;
    if (first === undefined) return rest;
    const { stage, path, message } = first;
    const more = problems.length === 1 ? "" : ` (and ${problems.length - 1} more)`;
    const where = stage === undefined ? "" : `stage "${stage}": `;
    throw new DspexError("invalid_inputs", `${where}${message}${more}`, {
      path: `definition.${path}`,
      details: { problems: problems.slice(0, 50) },
    });
  }

  async register(owner: string, user: string, declaration: unknown): Promise<RegisteredPipeline> {
    const { fold, journal } = this.#options;
    const { definition, version } = this.checked(user, declaration);
    const { name } = definition;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const last = await journal.last(owner, name);
      await fold.passed(last);
      const known = fold.state.pipelines.get(keyOf(owner, name));
      if (known?.removed === false && known.versions.at(-1)?.version === version)
        return { name, owner, version };
      if (known === undefined) this.#refuseTooMany(owner);
      const data = { name, owner, by: user, version, definition };
      const sequence = await journal.append(owner, name, "registered", data, last);
      if (sequence === undefined) continue;
      await fold.passed(sequence);
      return { name, owner, version };
    }
    throw new DspexError("conflict", `pipeline "${name}" is being changed by others all the time`, {
      retryable: true,
    });
  }

  async remove(owner: string, user: string, name: string, reason: string | undefined): Promise<void> {
    const { fold, journal } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = fold.state.pipelines.get(keyOf(owner, name));
      if (known === undefined || known.removed)
        throw new DspexError("not_found", `no pipeline "${name}" of ${owner}`);
      const data = { name, owner, by: user, ...(reason !== undefined && { reason }) };
      const sequence = await journal.append(owner, name, "removed", data, known.last);
      if (sequence === undefined) continue;
      await fold.passed(sequence);
      return;
    }
    throw new DspexError("conflict", `pipeline "${name}" is being changed by others all the time`, {
      retryable: true,
    });
  }

  async run(user: string, command: RunCommand): Promise<{ run: string; version: string }> {
    const { fold } = this.#options;
    const { run = randomBytes(8).toString("hex"), inputs, options, traceparent } = command;
    const common = {
      run,
      user,
      inputs,
      depth: 0,
      ...(options !== undefined && { options }),
      ...(traceparent !== undefined && { traceparent }),
    };
    if (command.definition !== undefined) {
      const { definition, version, compiled } = this.checked(user, command.definition);
      const kept = fold.state.definitions.get(version);
      // Whoever runs the same again shares what is made of it.
      const ready = kept === undefined ? compiled : compiledOf(kept.definition, version);
      return this.#start({ ...common, pipeline: definition.name, version, definition }, ready);
    }
    const { pipeline = "", version: wanted } = command;
    const known = findPipeline(fold.state, user, pipeline);
    if (known === undefined)
      throw new DspexError("not_found", `no pipeline "${pipeline}"`, { path: "pipeline" });
    const found = findVersion(known, wanted);
    if (found === undefined)
      throw new DspexError("unknown_version", `pipeline "${pipeline}" has no version "${wanted}"`, {
        path: "version",
      });
    const { version } = found;
    return this.#start(
      { ...common, pipeline, version, owner: known.owner },
      compiledVersion(fold.state, version),
    );
  }

  async rerun(
    user: string,
    name: string,
    how: {
      from?: string | undefined;
      inputs?: Record<string, unknown> | undefined;
      traceparent?: string | undefined;
    },
  ): Promise<{ run: string; version: string }> {
    const { fold, reader, loader } = this.#options;
    const told = await retell(reader, fold.state, user, name);
    const { run: before, compiled, events } = told;
    const [started] = events;
    if (started?.kind !== "started") throw new DspexError("gone", `the beginning of run "${name}" is gone`);
    const loaded = new Map<string, unknown>();
    const registered = registeredIn(fold.state);
    let reusable = reusableOf(before, compiled, how.from, registered, loaded);
    while (reusable.needs.length > 0) {
      await loader.load(user, reusable.needs, loaded);
      reusable = reusableOf(before, compiled, how.from, registered, loaded);
    }
    const { pipeline, version, owner, definition, options } = started.data;
    const { traceparent } = how;
    return this.#start(
      {
        run: randomBytes(8).toString("hex"),
        user,
        pipeline,
        version,
        ...(owner !== undefined && { owner }),
        ...(definition !== undefined && { definition }),
        inputs: how.inputs ?? started.data.inputs,
        ...(options !== undefined && { options }),
        depth: 0,
        reuse: {
          run: before.run,
          ...(how.from !== undefined && { from: how.from }),
          stages: reusable.stages,
        },
        ...(traceparent !== undefined && { traceparent }),
      },
      compiled,
    );
  }

  async signal(
    user: string,
    name: string,
    {
      signal,
      data,
      key,
    }: { signal: string; data?: Record<string, unknown> | undefined; key?: string | undefined },
  ): Promise<void> {
    const { fold, journal } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const run = fold.state.runs.get(keyOf(user, name));
      if (run === undefined) {
        const ended = await this.#endedStatus(user, name);
        throw new DspexError("gone", `run "${name}" has ${ended}`);
      }
      if (key !== undefined && run.signalKeys.has(key)) return;
      const compiled = compiledVersion(fold.state, run.version);
      const values = checkSignal(compiled, signal, data);
      if (run.signals.size >= RUN_BOUNDS.keptSignals)
        throw new DspexError(
          "overloaded",
          `run "${name}" has ${run.signals.size} signals that no stage has taken`,
          {
            retryAfterMs: 1_000,
          },
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
    const { fold, runner } = this.#options;
    if (!fold.state.runs.has(keyOf(user, name))) return { status: await this.#endedStatus(user, name) };
    await runner.cancelRun(user, name, user, reason);
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

  async #start(asked: StartCommand, compiled: Compiled): Promise<{ run: string; version: string }> {
    const own = startRunSpan(asked, asked.traceparent);
    const { traceparent } = own;
    const command = traceparent === undefined ? asked : { ...asked, traceparent };
    let isNew = false;
    try {
      isNew = await this.#begin(command, compiled);
      const { run, version } = command;
      return { run, version };
    } finally {
      const { user, run } = command;
      if (isNew && this.#options.fold.state.runs.has(keyOf(user, run)))
        this.#options.spans.keep(keyOf(user, run), own);
      else own.span.end();
    }
  }

  /** Whether it is new: the same run again is the one that there is. @throws DspexError `id_conflict`, `overloaded` */
  async #begin(command: StartCommand, compiled: Compiled): Promise<boolean> {
    const { fold, journal, runner } = this.#options;
    const { user, run } = command;
    const key = keyOf(user, run);
    const hash = hashOf(command);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = fold.state.runs.get(key)?.hash ?? fold.state.ended.get(key)?.hash;
      if (known !== undefined) return refuseOther(command, known === hash);
      if (fold.state.runs.size >= PIPELINES_BOUNDS.runs)
        throw new DspexError("overloaded", `${fold.state.runs.size} runs are on`, { retryAfterMs: 1_000 });
      const last = fold.state.pipelines.get(key)?.last ?? 0;
      const decided = decideStart(command, compiled, {
        nowMs: Math.max(Date.now(), fold.state.timeMs),
        due: [],
        registered: registeredIn(fold.state),
        loaded: new Map(),
      });
      const { append } = decided;
      if (append === undefined) throw new DspexError("internal", `run "${run}" does not start`);
      refuseLarge(append.data, run);
      const sequence = await journal.append(user, run, append.verb, append.data, last, command.traceparent);
      if (sequence !== undefined) {
        await fold.passed(sequence);
        const started = fold.state.runs.get(key);
        if (started !== undefined) runner.ask(started, decided);
        return true;
      }
      const stored = await this.#startedLongAgo(user, run);
      if (stored !== undefined) return refuseOther(command, stored.hash === hash);
    }
    throw new DspexError("conflict", `run "${run}" could not be started`, { retryable: true });
  }

  async #startedLongAgo(user: string, run: string): Promise<PipelineStarted | undefined> {
    const message = await this.#options.reader.last(pipelineEventSubject(user, run, "started"));
    return message === null ? undefined : (message.json() as CloudEvent<PipelineStarted>).data;
  }

  #refuseTooMany(owner: string): void {
    let count = 0;
    for (const known of this.#options.fold.state.pipelines.values()) if (known.owner === owner) count++;
    if (count >= PIPELINES_BOUNDS.pipelines)
      throw new DspexError(
        "overloaded",
        `${owner} has ${count} pipelines, at most ${PIPELINES_BOUNDS.pipelines}`,
      );
  }
}

function refuseOther({ run }: StartCommand, isSame: boolean): false {
  if (isSame) return false;
  throw new DspexError("id_conflict", `run "${run}" was started with something else`, { path: "run" });
}

function refuseLarge(data: object, run: string): void {
  const bytes = Buffer.byteLength(stringifyJson(data));
  if (bytes > MAX_BODY_BYTES)
    throw new DspexError(
      "payload_too_large",
      `run "${run}" begins with ${bytes} bytes, at most ${MAX_BODY_BYTES}: send large inputs as references`,
      { path: "inputs" },
    );
}

/** What the signal brings, with defaults. @throws DspexError `not_found`, `invalid_inputs`, `payload_too_large` */
function checkSignal(
  { stages }: Compiled,
  signal: string,
  data: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  const waiting = stages.filter(({ stage }) => stage.kind === "signal" && stage.signal === signal);
  const [first] = waiting;
  if (first === undefined)
    throw new DspexError("not_found", `no stage waits for a signal "${signal}"`, { path: "signal" });
  const bytes = data === undefined ? 0 : Buffer.byteLength(stringifyJson(data));
  if (bytes > RUN_BOUNDS.signalBytes)
    throw new DspexError(
      "payload_too_large",
      `the signal brings ${bytes} bytes, at most ${RUN_BOUNDS.signalBytes}`,
      {
        path: "data",
      },
    );
  const fields = first.fields ?? [];
  if (fields.length === 0) return data;
  const outputs = [...fields];
  const checked = validateOutputs({ inputs: outputs, outputs }, data ?? {});
  if (checked.ok) return checked.value;
  const [problem] = checked.problems;
  throw new DspexError(
    "invalid_inputs",
    `signal "${signal}": ${problem?.path.replace(/^outputs/, "data")}: expected ${problem?.expected}, got ${problem?.got}`,
    { path: "data" },
  );
}
