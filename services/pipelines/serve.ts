// The part of the API that speaks of pipelines: `dspex-api.<user>.pipeline.<verb>`, and on `dspex-admin` what changes
// them for everybody. The user is that of the account which asks: another's runs are not there for anybody else.

import { z } from "zod";
import { check } from "../../schemas/envelope/check.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { TRACEPARENT } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { DspexError } from "../../schemas/errors.ts";
import { jsonObjectSchema, tokenSchema } from "../../schemas/messages/parts.ts";
import { MAX_RUN_DEADLINE_MS } from "../../schemas/messages/pipeline-definition.ts";
import { type PipelineResult, pipelineRunOptionsSchema } from "../../schemas/messages/pipeline-event.ts";
import { formatSignature } from "../../schemas/signature/format.ts";
import { adminPattern, apiPattern, pipelineEventSubject } from "../../schemas/subjects.ts";
import type { Answer, ApiRequest, Endpoint, PieceWriter } from "../bus/micro-service.ts";
import type {
  PipelineAnalysis,
  PipelineDetails,
  PipelineInfo,
  PipelineValidation,
  RunProgress,
  RunSummary,
} from "../client/pipelines/answers.ts";
import type { LogReader } from "../log/read.ts";
import { type AnalysedRun, analyse } from "./analysis/analyse.ts";
import type { PipelineCommands } from "./commands.ts";
import { writeEvents } from "./events.ts";
import type { PipelinesFold } from "./fold.ts";
import { progressOf, statusOf, summaryOf, summaryOfEnded } from "./progress.ts";
import { retell, type ToldRun } from "./retell.ts";
import {
  compiledVersion,
  findPipeline,
  findVersion,
  type KnownPipeline,
  keyOf,
  PIPELINES_BOUNDS,
  SHARED,
} from "./state.ts";

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
  rerun: z.strictObject({ run, from: z.string().max(640).optional(), inputs: jsonObjectSchema.optional() }),
} as const;
type Verb = keyof typeof schemas;

export interface PipelinesApi {
  commands: PipelineCommands;
  fold: PipelinesFold;
  reader: LogReader;
}

export function pipelineEndpoints(api: PipelinesApi): Endpoint[] {
  const { commands, fold } = api;
  return [
    endpoint("register", ({ user }, { definition }) => commands.register(user, user, definition)),
    endpoint("validate", async ({ user }, { definition }) => validated(commands, user, definition)),
    endpoint("remove", async ({ user }, { name, reason }) => {
      await commands.remove(user, user, name, reason);
      return {};
    }),
    adminEndpoint("register", ({ user }, { definition }) => commands.register(SHARED, user, definition)),
    adminEndpoint("remove", async ({ user }, { name, reason }) => {
      await commands.remove(SHARED, user, name, reason);
      return {};
    }),
    endpoint("list", async ({ user }) => ({ pipelines: list(fold, user) })),
    endpoint("describe", async ({ user }, { name, version }) => describe(fold, user, name, version)),
    endpoint("run", (request, body) =>
      commands.run(request.user, { ...body, traceparent: traceparentOf(request) }),
    ),
    endpoint("get", ({ user }, { run: name }) => progress(api, user, name)),
    endpoint("runs", async ({ user }, asked) => runs(fold, user, asked)),
    endpoint("signal", async ({ user }, { run: name, ...signal }) => {
      await commands.signal(user, name, signal);
      return {};
    }),
    endpoint("cancel", ({ user }, { run: name, reason }) => commands.cancel(user, name, reason)),
    endpoint("rerun", (request, { run: name, ...how }) =>
      commands.rerun(request.user, name, { ...how, traceparent: traceparentOf(request) }),
    ),
    endpoint("analysis", ({ user }, asked) => analysis(api, user, asked)),
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

function validated(commands: PipelineCommands, user: string, definition: unknown): PipelineValidation {
  const { problems, version } = commands.validate(user, definition);
  return problems.length === 0 ? { problems, version } : { problems };
}

function list(fold: PipelinesFold, user: string): PipelineInfo[] {
  const { state } = fold;
  const items: PipelineInfo[] = [];
  for (const known of state.pipelines.values()) {
    const newest = known.versions.at(-1);
    if (known.removed || newest === undefined || (known.owner !== user && known.owner !== SHARED)) continue;
    const { definition, signature, stages } = compiledVersion(state, newest.version);
    items.push({
      name: known.name,
      owner: known.owner,
      version: newest.version,
      versions: known.versions.length,
      ...(definition.description !== undefined && { description: definition.description }),
      signature: formatSignature(signature),
      registeredAt: new Date(newest.timeMs).toISOString(),
      stages: stages.length,
    });
    if (items.length >= PIPELINES_BOUNDS.pipelines) break;
  }
  return items;
}

function describe(
  { state }: PipelinesFold,
  user: string,
  name: string,
  version: string | undefined,
): PipelineDetails {
  const known = found(findPipeline(state, user, name), name);
  const one = findVersion(known, version);
  if (one === undefined)
    throw new DspexError("unknown_version", `pipeline "${name}" has no version "${version}"`, {
      path: "version",
    });
  const { definition, signature } = compiledVersion(state, one.version);
  return {
    name,
    owner: known.owner,
    version: one.version,
    definition,
    signature: formatSignature(signature),
    versions: known.versions.map(({ version: of, by, timeMs }) => ({
      version: of,
      by,
      registeredAt: new Date(timeMs).toISOString(),
    })),
  };
}

function found(known: KnownPipeline | undefined, name: string): KnownPipeline {
  if (known === undefined) throw new DspexError("not_found", `no pipeline "${name}"`, { path: "name" });
  return known;
}

async function progress({ fold, reader }: PipelinesApi, user: string, name: string): Promise<RunProgress> {
  const { state } = fold;
  const on = state.runs.get(keyOf(user, name));
  if (on !== undefined)
    return progressOf(on, compiledVersion(state, on.version), Math.max(Date.now(), state.timeMs));
  const { run: told, compiled, result, endedMs } = await retell(reader, state, user, name);
  if (result === undefined || endedMs === undefined) return progressOf(told, compiled, state.timeMs);
  const { status, error } = result;
  return progressOf(told, compiled, endedMs, { status, endedMs, ...(error !== undefined && { error }) });
}

function runs(
  { state }: PipelinesFold,
  user: string,
  { status, pipeline, after, limit }: z.output<typeof schemas.runs>,
): { runs: RunSummary[]; next?: string } {
  const nowMs = Math.max(Date.now(), state.timeMs);
  const all: { startedMs: number; summary: () => RunSummary; run: string }[] = [];
  for (const one of state.runs.values()) {
    if (one.user !== user || (pipeline !== undefined && one.pipeline !== pipeline)) continue;
    all.push({
      startedMs: one.startedMs,
      run: one.run,
      summary: () => summaryOf(one, compiledVersion(state, one.version), nowMs),
    });
  }
  for (const one of state.ended.values()) {
    if (one.user !== user || (pipeline !== undefined && one.pipeline !== pipeline)) continue;
    all.push({ startedMs: one.startedMs, run: one.run, summary: () => summaryOfEnded(one) });
  }
  all.sort((a, b) => b.startedMs - a.startedMs || (a.run < b.run ? 1 : -1));
  const from = after === undefined ? 0 : all.findIndex((one) => one.run === after) + 1;
  const listed: RunSummary[] = [];
  let more = false;
  for (const one of all.slice(from)) {
    const summary = one.summary();
    if (status !== undefined && summary.status !== status) continue;
    if (listed.length === limit) {
      more = true;
      break;
    }
    listed.push(summary);
  }
  const last = listed.at(-1);
  return { runs: listed, ...(more && last !== undefined && { next: last.run }) };
}

/** Of one run, or over the last ones of a pipeline's newest version among them. */
async function analysis(
  { fold, reader }: PipelinesApi,
  user: string,
  { run: name, pipeline, last }: z.output<typeof schemas.analysis>,
): Promise<PipelineAnalysis> {
  const { state } = fold;
  if (name !== undefined)
    return analyse([analysedRun(await retell(reader, state, user, name), state.timeMs)], true);
  const ended = [...state.ended.values()].filter((one) => one.user === user && one.pipeline === pipeline);
  const newest = ended.at(-1);
  if (newest === undefined)
    throw new DspexError("not_found", `no run of pipeline "${pipeline}" has ended`, { path: "pipeline" });
  const same = ended.filter(({ version }) => version === newest.version).slice(-last);
  const analysed: AnalysedRun[] = [];
  for (const { run: one } of same)
    analysed.push(analysedRun(await retell(reader, state, user, one), state.timeMs));
  return analyse(analysed as [AnalysedRun, ...AnalysedRun[]], false);
}

function analysedRun({ run: told, compiled, events, result, endedMs }: ToldRun, nowMs: number): AnalysedRun {
  const status = result?.status ?? statusOf(told);
  return { run: told.run, status, compiled, events, startedMs: told.startedMs, endedMs: endedMs ?? nowMs };
}

const resultSchema = z.strictObject({ waitMs: z.number().int().min(0).max(MAX_RUN_DEADLINE_MS).optional() });
/** As long as an answer is waited for. */
const MAX_WAIT_MS = 540_000;

async function answerResult(api: PipelinesApi, request: ApiRequest): Promise<Answer> {
  const name = request.tokens.at(-1) ?? "";
  const { waitMs } = check(resultSchema, request.json());
  const asked = Number(request.header(HEADER.waitMs) ?? waitMs ?? 0);
  const { fold, reader } = api;
  const { user } = request;
  const stored = async (): Promise<PipelineResult | undefined> => {
    const message = await reader.last(pipelineEventSubject(user, name, "finished"));
    if (message === null) return undefined;
    const { steps: _steps, ...result } = (message.json() as CloudEvent<PipelineResult>).data;
    return result;
  };
  const ended = Promise.withResolvers<void>();
  using _ = fold.watch(user, name, () => {
    if (!fold.state.runs.has(keyOf(user, name))) ended.resolve();
  });
  if (!fold.state.runs.has(keyOf(user, name))) {
    const result = await stored();
    if (result !== undefined) return { body: result };
    if (!fold.state.runs.has(keyOf(user, name)))
      throw new DspexError("not_found", `no run ${JSON.stringify(name.slice(0, 64))}`);
  }
  if (!(asked > 0)) return { body: { status: "pending" } };
  const timer = setTimeout(ended.resolve, Math.min(asked, MAX_WAIT_MS));
  await ended.promise;
  clearTimeout(timer);
  return { body: (await stored()) ?? { status: "pending" } };
}
