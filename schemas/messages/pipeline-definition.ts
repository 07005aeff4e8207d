// A pipeline as it is stored: stages whose inputs refer to the pipeline's inputs and to other stages; the graph follows
// from these references. Schemas hold the shape, services/pipelines/definition/ what refers to what.
//
//   Value      = any JSON; {"$from": "<reference>"} refers, {"$expr": "<expression>"} computes, {"$first": [Value, …]} is
//                the first that is not null, {"$value": <json>} is taken as it stands
//   reference  = inputs.<field>[.<path>] · <stage>.<field>[.<path>] · item[.<path>] · index · loop.<field>[.<path>] ·
//                loop.iteration · run.id          (a path goes through members and list positions: `found.passages.0.text`)
//   expression = the expressions of variables over references: `check.score < 0.8 and loop.iteration < 3`

import { z } from "zod";
import { jsonObjectSchema, tokenSchema } from "./parts.ts";
import { requestOptionsSchema } from "./request.ts";

// ── bounds ───────────────────────────────────────────────────────────────────────────────────────────────

/** Stages of a definition, those of bodies and fallbacks included. */
export const MAX_STAGES = 1_000;
/** Bodies within one another. */
export const MAX_NESTING = 8;
export const MAX_DEFINITION_BYTES = 262_144;
export const MAX_MAP_ITEMS = 10_000;
export const MAX_LOOP_ITERATIONS = 100;
/** Child runs within one another. */
export const MAX_CHILD_DEPTH = 8;
/** Requests, child runs, delays and signals that one run may start. */
export const MAX_RUN_STARTS = 10_000;
export const MAX_RUN_CONCURRENCY = 256;
export const DEFAULT_RUN_CONCURRENCY = 16;
export const DEFAULT_RUN_DEADLINE_MS = 3_600_000;
/** 30 days: what the log keeps by default. */
export const MAX_RUN_DEADLINE_MS = 2_592_000_000;

// ── types ────────────────────────────────────────────────────────────────────────────────────────────────

/** JSON with references in it, as told above. */
export type PipelineValue = unknown;
export type PipelineValues = Record<string, PipelineValue>;

export interface PipelineGraph {
  stages: PipelineStage[];
  outputs: PipelineValues;
}

/** Wait before attempt k: `delayMs * factor^(k-1)`, `maxDelayMs` at most, `jitter` (0 … 1) of it taken off by chance. */
export interface PipelineRetry {
  times: number;
  delayMs: number;
  factor?: number | undefined;
  maxDelayMs?: number | undefined;
  jitter?: number | undefined;
}

export type PipelineFallback = { value: PipelineValues } | { stage: PipelineGraph };

interface CommonOfStages {
  name: string;
  description?: string | undefined;
  /** Skipped where it is not true. */
  when?: string | undefined;
  /** Stages of the same graph that end before it starts, besides those that it refers to. */
  after?: string[] | undefined;
  /** Of one attempt, the wait for a slot included. */
  timeoutMs?: number | undefined;
  retry?: PipelineRetry | undefined;
  /** `fail` where it is absent. */
  onFailure?: "fail" | "skip" | PipelineFallback | undefined;
  /** Called, the last finished first, when the run fails or is cancelled after this stage finished. */
  compensate?: { program: string; inputs: PipelineValues } | undefined;
  /** Runs though nothing refers to it. */
  keep?: boolean | undefined;
}

export interface PipelineCallOptions {
  implementation?: string | undefined;
  prefer?: "speed" | "quality" | "cost" | undefined;
  priority?: number | undefined;
  variables?: Record<string, unknown> | undefined;
  session?: string | undefined;
  stream?: boolean | undefined;
  hedge?: boolean | undefined;
  deadlineMs?: number | undefined;
  budget?: { tokens?: number | undefined; usd?: number | undefined } | undefined;
}

/** Each kind with what it has of its own. */
export interface PipelineKinds {
  call: {
    program: string;
    version?: string | undefined;
    inputs: PipelineValues;
    options?: PipelineCallOptions | undefined;
  };
  /** The body once for each item (`item`, `index`); outputs: each of the body's outputs as a list in order. */
  map: {
    over: PipelineValue;
    body: PipelineGraph;
    /** Items at a time. */
    concurrency?: number | undefined;
    /** `skip` leaves null in the lists. */
    onItemFailure?: "fail" | "skip" | undefined;
  };
  /** A run of its own, with events of its own. */
  pipeline: { pipeline: string; version?: string | undefined; inputs: PipelineValues };
  switch: {
    on: PipelineValue;
    cases: { equals: unknown; body: PipelineGraph }[];
    otherwise?: PipelineGraph | undefined;
  };
  /** `loop.<field>` = `initial`, then the last outputs; `loop.iteration` counts from 0; ends when `until` is true. */
  loop: { initial: PipelineValues; body: PipelineGraph; until: string; max: number };
  /** The first body that succeeds wins; the others are cancelled. */
  race: { bodies: { name: string; afterMs?: number | undefined; body: PipelineGraph }[] };
  delay: { ms: PipelineValue };
  signal: {
    signal: string;
    /** What it must bring: fields of a signature; text (`note: str`) is taken and stored as such. */
    fields?: string | Record<string, unknown>[] | undefined;
    /** Brings `approved: bool` and `note: str | None`; what is not approved fails with `not_allowed`. */
    approval?: boolean | undefined;
  };
  value: { outputs: PipelineValues };
}
export type PipelineStageKind = keyof PipelineKinds;
export type PipelineStage = {
  [Kind in PipelineStageKind]: CommonOfStages & { kind: Kind } & PipelineKinds[Kind];
}[PipelineStageKind];
export type PipelineStageOf<Kind extends PipelineStageKind> = Extract<PipelineStage, { kind: Kind }>;

// ── schemas ──────────────────────────────────────────────────────────────────────────────────────────────

/** Narrower than a token, so that references and expressions read it without quotes. */
const stageName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, "expected a name of a stage [A-Za-z][A-Za-z0-9_]{0,63}");
const text = z.string().max(4_096).optional();
const expression = z.string().min(1).max(500);
const milliseconds = z.number().int().positive().max(MAX_RUN_DEADLINE_MS);
const values = jsonObjectSchema;
const graphOf = z.lazy((): z.ZodType<PipelineGraph> => pipelineGraphSchema);

/** What stands in for a stage that failed: values, or another graph. */
export const pipelineFallbackSchema: z.ZodType<PipelineFallback> = z.union([
  z.strictObject({ value: values }),
  z.strictObject({ stage: graphOf }),
]);

const common = {
  name: stageName,
  description: text,
  when: expression.optional(),
  after: z.array(stageName).max(MAX_STAGES).optional(),
  timeoutMs: milliseconds.optional(),
  retry: z
    .strictObject({
      times: z.number().int().positive().max(100),
      delayMs: z.number().int().nonnegative().max(MAX_RUN_DEADLINE_MS),
      factor: z.number().min(1).max(100).optional(),
      maxDelayMs: milliseconds.optional(),
      jitter: z.number().min(0).max(1).optional(),
    })
    .optional(),
  onFailure: z.union([z.enum(["fail", "skip"]), pipelineFallbackSchema]).optional(),
  compensate: z.strictObject({ program: tokenSchema, inputs: values }).optional(),
  keep: z.boolean().optional(),
};

/** One stage; what it is, its `kind` says. */
export const pipelineStageSchema: z.ZodType<PipelineStage> = z.discriminatedUnion("kind", [
  z.strictObject({
    ...common,
    kind: z.literal("call"),
    program: tokenSchema,
    version: tokenSchema.optional(),
    inputs: values,
    options: requestOptionsSchema.omit({ version: true }).strict().optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal("map"),
    over: z.unknown(),
    body: graphOf,
    concurrency: z.number().int().positive().max(MAX_RUN_CONCURRENCY).optional(),
    onItemFailure: z.enum(["fail", "skip"]).optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal("pipeline"),
    pipeline: tokenSchema,
    version: tokenSchema.optional(),
    inputs: values,
  }),
  z.strictObject({
    ...common,
    kind: z.literal("switch"),
    on: z.unknown(),
    cases: z
      .array(z.strictObject({ equals: z.unknown(), body: graphOf }))
      .min(1)
      .max(256),
    otherwise: graphOf.optional(),
  }),
  z.strictObject({
    ...common,
    kind: z.literal("loop"),
    initial: values,
    body: graphOf,
    until: expression,
    max: z.number().int().positive().max(MAX_LOOP_ITERATIONS),
  }),
  z.strictObject({
    ...common,
    kind: z.literal("race"),
    bodies: z
      .array(
        z.strictObject({
          name: stageName,
          afterMs: z.number().int().nonnegative().optional(),
          body: graphOf,
        }),
      )
      .min(1)
      .max(64),
  }),
  z.strictObject({ ...common, kind: z.literal("delay"), ms: z.unknown() }),
  z.strictObject({
    ...common,
    kind: z.literal("signal"),
    signal: tokenSchema,
    fields: z.union([z.string().max(4_096), z.array(jsonObjectSchema).max(64)]).optional(),
    approval: z.boolean().optional(),
  }),
  z.strictObject({ ...common, kind: z.literal("value"), outputs: values }),
]);

/** Stages and what they give together: a pipeline's own, or the body of a stage. */
export const pipelineGraphSchema: z.ZodType<PipelineGraph> = z.strictObject({
  stages: z.array(z.lazy((): z.ZodType<PipelineStage> => pipelineStageSchema)).max(MAX_STAGES),
  outputs: values,
});

const definition = {
  name: tokenSchema,
  description: text,
  stages: z.array(pipelineStageSchema).min(1).max(MAX_STAGES),
  outputs: values,
  /** Requests in flight of one run. */
  concurrency: z.number().int().positive().max(MAX_RUN_CONCURRENCY).optional(),
  /** Of a run. */
  deadlineMs: milliseconds.optional(),
};

/** As it is stored: `signature` is the AST of schemas/signature/ast.ts. */
export const pipelineDefinitionSchema = z.strictObject({ ...definition, signature: jsonObjectSchema });
export type PipelineDefinition = z.infer<typeof pipelineDefinitionSchema>;

/** As somebody registers or runs it: the signature in text or as AST. */
export const pipelineDeclarationSchema = z.strictObject({
  ...definition,
  signature: z.union([z.string().max(65_536), jsonObjectSchema]),
});
export type PipelineDeclaration = z.infer<typeof pipelineDeclarationSchema>;
