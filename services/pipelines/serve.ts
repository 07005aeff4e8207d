// The part of the API that speaks of pipelines: `dspex-api.<user>.pipeline.<verb>`, and on `dspex-admin` what changes
// them for everybody. The user is that of the account which asks: another's runs are not there for anybody else.

import { z } from "zod";
import { check } from "../../schemas/envelope/check.ts";
import { TRACEPARENT } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { jsonObjectSchema, tokenSchema } from "../../schemas/messages/parts.ts";
import { pipelineRunOptionsSchema } from "../../schemas/messages/pipeline-event.ts";
import { adminPattern, apiPattern } from "../../schemas/subjects.ts";
import type { Answer, ApiRequest, Endpoint, PieceWriter } from "../bus/micro-service.ts";
import { answerResult, type ResultSource } from "./await-result.ts";
import type { PipelineCommands } from "./commands.ts";
import { describePipeline, listPipelines } from "./definition-views.ts";
import { writeEvents } from "./events.ts";
import { drawGraph } from "./graph.ts";
import { analyseRuns, listRuns, tellProgress } from "./run-views.ts";
import { SHARED } from "./state.ts";

const run = z.string().regex(/^[A-Za-z0-9]{1,32}$/, "expected a run [A-Za-z0-9]{1,32}");
const traceparentSchema = z.string().regex(TRACEPARENT).max(64);

const schemas = {
  register: z.strictObject({ definition: z.unknown() }),
  validate: z.strictObject({ definition: z.unknown() }),
  remove: z.strictObject({ name: tokenSchema, reason: z.string().max(1_024).optional() }),
  list: z.strictObject({}),
  describe: z.strictObject({ name: tokenSchema, version: tokenSchema.optional() }),
  run: z
    .strictObject({
      pipeline: tokenSchema.optional(),
      definition: z.unknown().optional(),
      version: tokenSchema.optional(),
      inputs: jsonObjectSchema.default({}),
      run: run.optional(),
      options: pipelineRunOptionsSchema.optional(),
    })
    .refine(({ pipeline, definition }) => (pipeline === undefined) !== (definition === undefined), {
      error: "either a registered pipeline or a definition",
    }),
  get: z.strictObject({ run }),
  runs: z.strictObject({
    status: z.enum(["running", "compensating", "succeeded", "failed", "cancelled"]).optional(),
    pipeline: tokenSchema.optional(),
    after: run.optional(),
    limit: z.number().int().min(1).max(256).default(50),
  }),
  signal: z.strictObject({
    run,
    signal: tokenSchema,
    data: jsonObjectSchema.optional(),
    key: z.string().min(1).max(128).optional(),
  }),
  cancel: z.strictObject({ run, reason: z.string().max(1_024).optional() }),
  analysis: z
    .strictObject({
      run: run.optional(),
      pipeline: tokenSchema.optional(),
      last: z.number().int().min(1).max(50).default(20),
    })
    .refine((asked) => (asked.run === undefined) !== (asked.pipeline === undefined), {
      error: "either a run or a pipeline",
    }),
  graph: z
    .strictObject({
      run: run.optional(),
      pipeline: tokenSchema.optional(),
      version: tokenSchema.optional(),
      definition: z.unknown().optional(),
      format: z.enum(["terminal", "mermaid", "svg"]).default("terminal"),
      columns: z.number().int().min(1).max(1_000).optional(),
    })
    .refine(({ run: of, pipeline, definition }) => [of, pipeline, definition].filter(Boolean).length === 1, {
      error: "a run, a registered pipeline or a definition",
    }),
  rerun: z.strictObject({
    run,
    from: z.string().max(640).optional(),
    inputs: jsonObjectSchema.optional(),
    as: run.optional(),
  }),
} as const;
type Verb = keyof typeof schemas;

export interface PipelinesApi extends ResultSource {
  commands: PipelineCommands;
}

export function pipelineEndpoints(api: PipelinesApi): Endpoint[] {
  const { commands, fold, reader } = api;
  const { definitions } = commands;
  const told = () => ({ state: fold.state, reader });
  return [
    endpoint("register", ({ user }, { definition }) => definitions.register(user, user, definition)),
    endpoint("validate", async ({ user }, { definition }) => {
      const { problems, version } = definitions.validate(user, definition);
      return problems.length === 0 ? { problems, version } : { problems };
    }),
    endpoint("remove", async ({ user }, { name, reason }) => {
      await definitions.remove(user, user, name, reason);
      return {};
    }),
    adminEndpoint("register", ({ user }, { definition }) => definitions.register(SHARED, user, definition)),
    adminEndpoint("remove", async ({ user }, { name, reason }) => {
      await definitions.remove(SHARED, user, name, reason);
      return {};
    }),
    endpoint("list", async ({ user }) => ({ pipelines: listPipelines(fold.state, user) })),
    endpoint("describe", async ({ user }, { name, version }) =>
      describePipeline(fold.state, user, name, version),
    ),
    endpoint("run", (request, body) =>
      commands.run(request.user, { ...body, traceparent: traceparentOf(request) }),
    ),
    endpoint("graph", async ({ user }, asked) => ({ text: await drawGraph(told(), user, asked) })),
    endpoint("get", ({ user }, { run: name }) => tellProgress(told(), user, name)),
    endpoint("runs", async ({ user }, asked) => listRuns(fold.state, user, asked)),
    endpoint("signal", async ({ user }, { run: name, ...signal }) => {
      await commands.signal(user, name, signal);
      return {};
    }),
    endpoint("cancel", ({ user }, { run: name, reason }) => commands.cancel(user, name, reason)),
    endpoint("rerun", (request, { run: name, ...how }) =>
      commands.rerun(request.user, name, { ...how, traceparent: traceparentOf(request) }),
    ),
    endpoint("analysis", ({ user }, asked) => analyseRuns(told(), user, asked)),
    {
      name: "pipeline-result",
      subject: apiPattern("pipeline.result.*"),
      answer: (request) => answerResult(api, request),
    },
    {
      name: "pipeline-events",
      subject: apiPattern("pipeline.events"),
      write: (request: ApiRequest, writer: PieceWriter) => writeEvents(request, writer, api),
    },
  ];
}

type Handler<Of extends Verb> = (
  request: ApiRequest,
  body: z.output<(typeof schemas)[Of]>,
) => Promise<unknown>;

function endpoint<Of extends Verb>(verb: Of, answer: Handler<Of>): Endpoint {
  return {
    name: `pipeline-${verb}`,
    subject: apiPattern(`pipeline.${verb}`),
    answer: answering(verb, answer),
  };
}

function adminEndpoint<Of extends Verb>(verb: Of, answer: Handler<Of>): Endpoint {
  return {
    name: `pipeline-${verb}-shared`,
    subject: adminPattern(`pipeline.${verb}`),
    answer: answering(verb, answer),
  };
}

function answering<Of extends Verb>(verb: Of, answer: Handler<Of>): (request: ApiRequest) => Promise<Answer> {
  return async (request) => {
    const body = check(schemas[verb] as z.ZodType, request.json()) as z.output<(typeof schemas)[Of]>;
    return { body: await answer(request, body) };
  };
}

/** The trace that the run belongs to. */
function traceparentOf(request: ApiRequest): string | undefined {
  const given = traceparentSchema.safeParse(request.header(HEADER.traceparent));
  return given.success ? given.data : undefined;
}
