// Begins runs: the same run again is the one that there is, another one under its name is refused.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { MAX_BODY_BYTES } from "../../schemas/limits.ts";
import type { PipelineStarted } from "../../schemas/messages/pipeline-event.ts";
import { pipelineEventSubject } from "../../schemas/subjects.ts";
import type { LogReader } from "../log/read.ts";
import type { Asker } from "./asker.ts";
import { decideStart, hashOf, type StartCommand } from "./decide.ts";
import type { Compiled } from "./definition/compiled.ts";
import type { PipelinesFold } from "./fold.ts";
import type { PipelineJournal } from "./journal.ts";
import { type RunSpans, startRunSpan } from "./spans.ts";
import { keyOf, PIPELINES_BOUNDS, registeredIn } from "./state.ts";

const ATTEMPTS = 20;

export interface StarterOptions {
  fold: PipelinesFold;
  journal: PipelineJournal;
  reader: LogReader;
  asker: Asker;
  spans: RunSpans;
}

export class RunStarter {
  readonly #options: StarterOptions;

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  /** @throws DspexError `invalid_inputs`, `id_conflict`, `overloaded`, `payload_too_large` */
  async start(asked: StartCommand, compiled: Compiled): Promise<{ run: string; version: string }> {
    const { spans, fold } = this.#options;
    const own = startRunSpan(asked, asked.traceparent);
    const { traceparent } = own;
    const command = traceparent === undefined ? asked : { ...asked, traceparent };
    const { user, run, version } = command;
    let isNew = false;
    try {
      isNew = await this.#begin(command, compiled);
      return { run, version };
    } finally {
      if (isNew && fold.state.runs.has(keyOf(user, run))) spans.keep(keyOf(user, run), own);
      else own.span.end();
    }
  }

  /** Whether it is new. */
  async #begin(command: StartCommand, compiled: Compiled): Promise<boolean> {
    const { fold, journal, asker } = this.#options;
    const { user, run } = command;
    const key = keyOf(user, run);
    const hash = hashOf(command);
    let last = fold.state.pipelines.get(key)?.last ?? 0;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { state } = fold;
      const known = state.runs.get(key)?.hash ?? state.ended.get(key)?.hash;
      if (known !== undefined) return refuseOther(command, known === hash);
      if (state.runs.size >= PIPELINES_BOUNDS.runs)
        throw new DspexError("overloaded", `${state.runs.size} runs are on`, { retryAfterMs: 1_000 });
      const decided = decideStart(withDefinition(command, compiled, state.definitions), compiled, {
        nowMs: Math.max(Date.now(), state.timeMs),
        due: [],
        registered: registeredIn(state),
        loaded: new Map(),
      });
      const { append } = decided;
      if (append === undefined) throw new DspexError("internal", `run "${run}" does not start`);
      refuseLarge({ ...append.data, steps: [] }, run);
      try {
        const sequence = await journal.append(user, run, append.verb, append.data, last, command.traceparent);
        if (sequence !== undefined) {
          await fold.passed(sequence);
          const started = fold.state.runs.get(key);
          if (started !== undefined) asker.ask(started, decided);
          return true;
        }
      } catch (error) {
        // It may be stored all the same: then what it begins with has to be asked for.
        asker.resumeLater(key);
        throw error;
      }
      const stored = await this.#startedLongAgo(user, run);
      if (stored !== undefined) return refuseOther(command, stored.hash === hash);
      last = await journal.last(user, run);
    }
    throw new DspexError("conflict", `run "${run}" could not be started`, { retryable: true });
  }

  async #startedLongAgo(user: string, run: string): Promise<PipelineStarted | undefined> {
    const message = await this.#options.reader.last(pipelineEventSubject(user, run, "started"));
    return message === null ? undefined : (message.json() as CloudEvent<PipelineStarted>).data;
  }
}

/** A version that is registered no more, or was long ago, comes along: nobody else has it. */
function withDefinition(
  command: StartCommand,
  { definition }: Compiled,
  known: ReadonlyMap<string, unknown>,
): StartCommand {
  return command.definition !== undefined || known.has(command.version)
    ? command
    : { ...command, definition };
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
