// Pipelines as an application asks for them: `dspex.pipelines` for all there are, `dspex.pipeline(…)` for one to run.
//
//   const run = await dspex.pipeline(research).run({ question: "…" });
//   for await (const { progress } of run.events()) console.log(progress.percent);
//   const { answer } = await run.outputs();

import { randomBytes } from "node:crypto";
import { activeTraceparent } from "../../../observability/mod.ts";
import { HEADER } from "../../../schemas/envelope/headers.ts";
import type {
  PipelineDeclaration,
  PipelineDefinition,
} from "../../../schemas/messages/pipeline-definition.ts";
import type { PipelineRunOptions } from "../../../schemas/messages/pipeline-event.ts";
import type { Signature } from "../../../schemas/signature/ast.ts";
import { encodeInputs } from "../../../schemas/signature/mod.ts";
import { token } from "../../../schemas/subjects.ts";
import { patiently } from "../patience.ts";
import type { SignatureLike } from "../program.ts";
import type {
  PipelineAnalysis,
  PipelineDetails,
  PipelineInfo,
  PipelineValidation,
  RegisteredPipeline,
  RunStatus,
  RunSummary,
} from "./answers.ts";
import type { Pipeline } from "./pipeline.ts";
import type { PipelineHost } from "./pipeline-host.ts";
import { PipelineRun } from "./pipeline-run.ts";

type Values = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: of whatever types
type AnyPipeline = Pipeline<any, any> | PipelineDeclaration;

export interface RunOptions extends PipelineRunOptions {
  /** An id of one's own choosing, letters and digits: the same run again is that one, not another. */
  run?: string;
  /** Of a registered pipeline; the newest where it is absent. */
  version?: string;
  /** W3C trace context of the caller; by default that of the current OpenTelemetry span. */
  traceparent?: string;
}

/** One pipeline, to be run. */
export interface RunnablePipeline<In, Out> {
  readonly name: string;
  /** Starts a run; it is in the log when this resolves. */
  run(inputs: In, options?: RunOptions): Promise<PipelineRun<Out>>;
  /** Outputs of one run. @throws DspexError with the run's error when it does not succeed. */
  call(inputs: In, options?: RunOptions): Promise<Out>;
}

const GIVE_UP_MS = 30_000;
const RUN_BYTES = 12;
const PAGE = 100;

export class Pipelines {
  readonly #host: PipelineHost;

  constructor(host: PipelineHost) {
    this.#host = host;
  }

  /** Own ones and those of everybody, by name. */
  async list(): Promise<PipelineInfo[]> {
    return (await this.#ask<{ pipelines: PipelineInfo[] }>("list", {})).pipelines;
  }

  /** @throws DspexError `not_found` */
  describe(name: string, version?: string): Promise<PipelineDetails> {
    return this.#ask("describe", {
      name: token(name, "pipeline"),
      ...(version !== undefined && { version }),
    });
  }

  /**
   * Stores a definition under its name; what runs already goes on as it was. With `shared` for everybody, which needs the
   * admin right. @throws DspexError `invalid_inputs` with all problems in its details.
   */
  register(
    pipeline: AnyPipeline,
    { shared = false }: { shared?: boolean } = {},
  ): Promise<RegisteredPipeline> {
    return this.#ask("register", { definition: definitionOf(pipeline) }, { admin: shared });
  }

  /** Takes it away; its runs go on. */
  async remove(
    name: string,
    { reason, shared = false }: { reason?: string; shared?: boolean } = {},
  ): Promise<void> {
    const body = { name: token(name, "pipeline"), ...(reason !== undefined && { reason }) };
    await this.#ask("remove", body, { admin: shared });
  }

  /** All that is wrong with it, without storing it: names, types, cycles, what nobody uses. */
  validate(pipeline: AnyPipeline): Promise<PipelineValidation> {
    return this.#ask("validate", { definition: definitionOf(pipeline) });
  }

  /** Own runs, the newest first. */
  async *runs({
    status,
    pipeline,
  }: {
    status?: RunStatus;
    pipeline?: string;
  } = {}): AsyncGenerator<RunSummary> {
    let after: string | undefined;
    do {
      const answer: { runs: RunSummary[]; next?: string } = await this.#ask("runs", {
        ...(status !== undefined && { status }),
        ...(pipeline !== undefined && { pipeline: token(pipeline, "pipeline") }),
        ...(after !== undefined && { after }),
        limit: PAGE,
      });
      yield* answer.runs;
      after = answer.next ?? (answer.runs.length === PAGE ? answer.runs.at(-1)?.run : undefined);
    } while (after !== undefined);
  }

  /** The handle of a run by its id, whoever of this user started it. */
  get<Out = Values>(run: string, signature?: Pick<SignatureLike<unknown, Out>, "ast">): PipelineRun<Out> {
    return new PipelineRun<Out>(this.#host, run, signature?.ast);
  }

  /** Over the last runs of a pipeline: where their time went, and what to change. */
  analysis(pipeline: string, { last }: { last?: number } = {}): Promise<PipelineAnalysis> {
    return this.#ask("analysis", {
      pipeline: token(pipeline, "pipeline"),
      ...(last !== undefined && { last }),
    });
  }

  /** One of them to run: a definition, which need not be registered, or the name of one that is. */
  runnable<In, Out>(
    pipeline: Pipeline<In, Out> | PipelineDeclaration | string,
    signature?: SignatureLike<In, Out>,
  ): RunnablePipeline<In, Out> {
    const name = typeof pipeline === "string" ? token(pipeline, "pipeline") : pipeline.name;
    const ast =
      signature?.ast ?? (typeof pipeline === "object" && "ast" in pipeline ? pipeline.ast : undefined);
    const definition = typeof pipeline === "string" ? undefined : definitionOf(pipeline);
    const run = (inputs: In, options: RunOptions = {}) =>
      this.#run<In, Out>({ name, ast, definition }, inputs, options);
    return { name, run, call: async (inputs, options) => (await run(inputs, options)).outputs() };
  }

  async #run<In, Out>(
    what: { name: string; ast: Signature | undefined; definition: PipelineDeclaration | undefined },
    inputs: In,
    { run = randomBytes(RUN_BYTES).toString("hex"), version, traceparent, ...options }: RunOptions,
  ): Promise<PipelineRun<Out>> {
    const { name, ast, definition } = what;
    const wire = ast === undefined ? (inputs as Values) : encodeInputs(ast, inputs);
    // Chosen here, so that who asks twice starts one.
    const answer = await this.#ask<{ run: string }>(
      "run",
      {
        ...(definition === undefined ? { pipeline: name } : { definition }),
        ...(version !== undefined && { version }),
        run,
        inputs: await this.#host.shrinkValues(wire),
        ...(Object.keys(options).length > 0 && { options }),
      },
      { traceparent: traceparent ?? activeTraceparent() },
    );
    const known =
      definition === undefined || typeof definition.signature === "string" ? undefined : definition;
    return new PipelineRun<Out>(this.#host, answer.run, ast, known as PipelineDefinition | undefined);
  }

  async #ask<Answer>(
    verb: string,
    body: Values,
    { admin = false, traceparent }: { admin?: boolean; traceparent?: string | undefined } = {},
  ): Promise<Answer> {
    const headers = traceparent === undefined ? {} : { headers: { [HEADER.traceparent]: traceparent } };
    const call = { verb: `pipeline.${verb}`, body, ...headers, ...(admin && { admin }) };
    const { api, isClosed } = this.#host;
    // An admin's verb is not answered to who has not that right.
    const giveUpMs = admin ? 0 : GIVE_UP_MS;
    return (await patiently(() => api.request(call), { giveUpMs, isClosed })) as Answer;
  }
}

function definitionOf(pipeline: AnyPipeline): PipelineDeclaration {
  return "definition" in pipeline ? pipeline.definition : pipeline;
}
