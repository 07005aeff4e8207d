// One run of a pipeline: its result, its events, what its stages write, and what can be said to it. The run is in the log;
// a handle of it can be made anew in any process.

import { randomBytes } from "node:crypto";
import { DspexError } from "../../../schemas/errors.ts";
import type { PipelineDefinition } from "../../../schemas/messages/pipeline-definition.ts";
import type { PipelineResult } from "../../../schemas/messages/pipeline-event.ts";
import type { Signature } from "../../../schemas/signature/ast.ts";
import { decodeOutputs } from "../../../schemas/signature/mod.ts";
import { token } from "../../../schemas/subjects.ts";
import type { ApiCall } from "../api.ts";
import { patiently } from "../patience.ts";
import type {
  PipelineAnalysis,
  PipelineDetails,
  RunEventAnswer,
  RunProgress,
  TypedPipelineResult,
} from "./answers.ts";
import { DrawnGraph } from "./drawn-graph.ts";
import { followRun } from "./events.ts";
import type { PipelineHost } from "./pipeline-host.ts";
import { type EventProgress, ProgressFold } from "./progress.ts";
import { RunWord } from "./run-word.ts";
import { streamingStages } from "./streaming-stages.ts";
import { type RunStreamOptions, runStream, type StageChunk } from "./streams.ts";

/** An event of a run, with how far the run is after it. */
export interface RunEvent extends RunEventAnswer {
  progress: EventProgress;
}

/** Word of the run may be lost: between two of them it is looked all the same, ever more seldom. */
const FIRST_LOOK_MS = 2_000;
const SELDOM_LOOK_MS = 15_000;
/** A service that dies takes the question along. */
const LOOK_TIMEOUT_MS = 3_000;
const ASK_MS = 20_000;
/** A service that starts anew has the run again after its snapshot and the tail of the log. */
const RESULT_GIVE_UP_MS = 300_000;
const GIVE_UP_MS = 30_000;
const RUN_BYTES = 12;

export class PipelineRun<Out = Record<string, unknown>> {
  readonly id: string;
  readonly #host: PipelineHost;
  readonly #ast: Signature | undefined;
  #result: Promise<TypedPipelineResult<Out>> | undefined;
  #definition: Promise<PipelineDefinition> | undefined;

  constructor(host: PipelineHost, id: string, ast?: Signature, definition?: PipelineDefinition) {
    this.id = token(id, "run");
    this.#host = host;
    this.#ast = ast;
    if (definition !== undefined) this.#definition = Promise.resolve(definition);
  }

  /** The whole result, whatever its status: outputs, stages, path taken, timings, usage. Waits for it. */
  result(): Promise<TypedPipelineResult<Out>> {
    this.#result ??= this.#awaitResult();
    // Whoever lets go of it must not be ended by its rejection.
    this.#result.catch(() => {
      this.#result = undefined;
    });
    return this.#result;
  }

  /** The outputs. @throws DspexError with the run's error when it failed or was cancelled. */
  async outputs(): Promise<Out> {
    const { status, outputs, error } = await this.result();
    if (status === "succeeded") return outputs as Out;
    throw error === undefined
      ? new DspexError("internal", `run ${this.id} ${status} without an error`)
      : DspexError.fromWire(error);
  }

  /** The result if it is there, undefined while the run is on. @throws DspexError `not_found` */
  look(): Promise<TypedPipelineResult<Out> | undefined> {
    return this.#look(GIVE_UP_MS);
  }

  /** How far it is: status, percent, and each stage. @throws DspexError `not_found` */
  progress(): Promise<RunProgress> {
    return this.#ask("get", {});
  }

  /**
   * What happens in it, from its beginning or behind a sequence, until it has finished. Each event tells the steps that it
   * brought and the progress after it; a reader that comes late gets those that were before at once.
   */
  async *events({ after = 0 }: { after?: number } = {}): AsyncGenerator<RunEvent> {
    const fold = new ProgressFold(await this.definition().catch(() => undefined));
    // Progress is of the whole run, so what is not told again is still counted.
    for await (const event of followRun(this.#host, this.id)) {
      fold.apply(event);
      if (event.sequence > after) yield { ...event, progress: fold.now() };
    }
  }

  /** What its streaming stages write (`stream: true` in their options, or in the run's), as one stream. */
  async *stream(options: RunStreamOptions = {}): AsyncGenerator<StageChunk> {
    const first = await this.#started();
    const { stream: streamsAll = false } = (first.data.options ?? {}) as { stream?: boolean };
    const streaming = streamingStages(await this.definition(), streamsAll);
    yield* runStream(
      {
        events: followRun(this.#host, this.id),
        streams: (stage) => streaming.has(stage),
        requestId: (stage, n) => `${this.#host.user}.p.${this.id}_${stage}_${n}`,
        chunks: (id, each) => this.#host.stream(id, each),
      },
      options,
    );
  }

  /** Tells it what a `signal` stage waits for; kept where it does not wait yet. The same `key` again changes nothing. */
  async signal(name: string, data?: Record<string, unknown>, { key }: { key?: string } = {}): Promise<void> {
    await this.#ask("signal", {
      signal: token(name, "signal"),
      ...(data !== undefined && { data }),
      ...(key !== undefined && { key }),
    });
  }

  /** Says yes to an `approval` stage, or no with `approved: false`. */
  approve(
    name: string,
    { approved = true, note, key }: { approved?: boolean; note?: string; key?: string } = {},
  ): Promise<void> {
    return this.signal(
      name,
      { approved, ...(note !== undefined && { note }) },
      { ...(key !== undefined && { key }) },
    );
  }

  /** Ends it: what runs is cancelled, what was done is undone where the stages say how. */
  async cancel(reason?: string): Promise<void> {
    await this.#ask("cancel", { ...(reason !== undefined && { reason }) });
  }

  /**
   * Runs it again, from a stage on or with other inputs; what is not touched by that is taken over, not run.
   * @throws DspexError `not_found` for a run or a stage that there is not.
   */
  async rerun({
    from,
    inputs,
  }: {
    from?: string;
    inputs?: Record<string, unknown>;
  } = {}): Promise<PipelineRun<Out>> {
    const { run } = await this.#ask<{ run: string }>("rerun", {
      // Chosen here, so that who asks twice starts one.
      as: randomBytes(RUN_BYTES).toString("hex"),
      ...(from !== undefined && { from }),
      ...(inputs !== undefined && { inputs }),
    });
    return new PipelineRun<Out>(this.#host, run, this.#ast, await this.definition().catch(() => undefined));
  }

  /** Its graph, drawn with how far each stage is. */
  async graph(): Promise<DrawnGraph> {
    const [definition, progress] = await Promise.all([this.definition(), this.progress()]);
    return new DrawnGraph(definition, progress.stages);
  }

  /** Where its time went, and what to change. */
  analysis(): Promise<PipelineAnalysis> {
    return this.#ask("analysis", {});
  }

  /** What it runs. */
  definition(): Promise<PipelineDefinition> {
    this.#definition ??= this.#findDefinition().catch((error) => {
      this.#definition = undefined;
      throw error;
    });
    return this.#definition;
  }

  async #findDefinition(): Promise<PipelineDefinition> {
    const { data } = await this.#started();
    if (data.definition !== undefined) return data.definition as PipelineDefinition;
    const { pipeline: name, version } = data as { pipeline: string; version: string };
    const body = { name, version };
    const found = await this.#patiently({ verb: "pipeline.describe", body });
    return (found as PipelineDetails).definition;
  }

  async #started(): Promise<RunEventAnswer> {
    for await (const event of followRun(this.#host, this.id)) return event;
    throw new DspexError("not_found", `run "${this.id}" has no events`);
  }

  async #awaitResult(): Promise<TypedPipelineResult<Out>> {
    using word = new RunWord(this.#host, this.id);
    for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(2 * lookMs, SELDOM_LOOK_MS)) {
      const found = await this.#look(RESULT_GIVE_UP_MS);
      if (found !== undefined) return found;
      await word.next(lookMs);
    }
  }

  async #look(giveUpMs: number): Promise<TypedPipelineResult<Out> | undefined> {
    const call = { verb: `pipeline.result.${this.id}`, body: {}, timeoutMs: LOOK_TIMEOUT_MS };
    const answer = await this.#patiently(call, giveUpMs);
    const found = answer as PipelineResult | { status: "pending" };
    return "run" in found ? this.#typed(found) : undefined;
  }

  async #typed(result: PipelineResult): Promise<TypedPipelineResult<Out>> {
    const { outputs, ...rest } = result;
    if (outputs === undefined) return rest as TypedPipelineResult<Out>;
    const expanded = await this.#host.expandValues(outputs);
    const typed = this.#ast === undefined ? expanded : decodeOutputs(this.#ast, expanded);
    return { ...rest, outputs: typed as Out };
  }

  async #ask<Answer>(verb: string, body: Record<string, unknown>): Promise<Answer> {
    const call = { verb: `pipeline.${verb}`, body: { run: this.id, ...body }, timeoutMs: ASK_MS };
    return (await this.#patiently(call)) as Answer;
  }

  #patiently(call: ApiCall, giveUpMs = GIVE_UP_MS): Promise<unknown> {
    const { api, isClosed } = this.#host;
    return patiently(() => api.request(call), { giveUpMs, isClosed });
  }
}
