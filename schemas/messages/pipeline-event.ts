// What may happen to pipelines and their runs: `dspex.event.pipeline.<user>.<run>.<verb>`, and for definitions
// `dspex.event.pipeline.<owner>.<name>.registered|removed` (owner: a user, or `shared`). Whoever reads the events of one
// run in order knows all of it. An event tells everything that one decision changed, as steps in their order.

import { z } from "zod";
import { errorSchema } from "./error.ts";
import { jsonObjectSchema, sequenceSchema, tokenSchema, usageSchema } from "./parts.ts";
import {
  MAX_CHILD_DEPTH,
  MAX_RUN_CONCURRENCY,
  MAX_RUN_DEADLINE_MS,
  pipelineDefinitionSchema,
} from "./pipeline-definition.ts";
import { requestOptionsSchema } from "./request.ts";
import { resultTimingsSchema } from "./result.ts";

/** Also the middle of its stages' request ids: `<user>.p.<run>_<stage>_<n>`. */
const runSchema = z.string().regex(/^[A-Za-z0-9]{1,32}$/, "expected a run [A-Za-z0-9]{1,32}");
const owned = { name: tokenSchema, owner: tokenSchema, by: z.string().min(1).max(128) };
const named = { run: runSchema, user: tokenSchema };
const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();

export const pipelineRegisteredSchema = z.object({
  ...owned,
  /** First 16 hex digits of the SHA-256 of the canonical definition. */
  version: tokenSchema,
  definition: pipelineDefinitionSchema,
});
export type PipelineRegistered = z.infer<typeof pipelineRegisteredSchema>;

export const pipelineRemovedSchema = z.object({ ...owned, reason: z.string().max(1_024).optional() });
export type PipelineRemoved = z.infer<typeof pipelineRemovedSchema>;

/** Of a run; they hold for each of its requests where the stage does not say otherwise. */
export const pipelineRunOptionsSchema = requestOptionsSchema
  .pick({ priority: true, prefer: true, variables: true, session: true, stream: true })
  .extend({
    deadlineMs: z.number().int().positive().max(MAX_RUN_DEADLINE_MS).optional(),
    concurrency: z.number().int().positive().max(MAX_RUN_CONCURRENCY).optional(),
  })
  .strict();
export type PipelineRunOptions = z.infer<typeof pipelineRunOptionsSchema>;

/** Of a request: what its result tells, and what of the run a model's server took, where that is told. */
const spent = {
  usage: usageSchema.optional(),
  timings: resultTimingsSchema.optional(),
  modelMs: ms.optional(),
};
/**
 * Which stage. `stage` = its number in the definition, pre-order over all bodies; `path` = where it is, such as
 * `summaries[3]/refine[1]` (absent = the pipeline's own graph); `n` counts what that stage number started in the run,
 * so the request is `<user>.p.<run>_<stage>_<n>`.
 */
const where = { stage: count, name: z.string().max(64), path: z.string().max(1_024).optional() };
const attempt = { ...where, n: z.number().int().positive() };

/** One thing that a decision changed. */
export const pipelineStepSchema = z.discriminatedUnion("kind", [
  /** A request, a child run, a wait, or a stage with bodies has begun. */
  z.object({
    ...attempt,
    kind: z.literal("started"),
    /** Of a map. */
    items: count.optional(),
    /** Of a child pipeline. */
    child: runSchema.optional(),
    version: tokenSchema.optional(),
    /** Of a delay. */
    waitMs: count.optional(),
    /** Which body a switch takes: the position of the case, or the number of cases = `otherwise`. */
    taken: count.optional(),
  }),
  z.object({
    ...attempt,
    kind: z.literal("finished"),
    /** Up to 16 KiB; larger ones are read from `sequence`, or follow from the stages within. */
    outputs: jsonObjectSchema.optional(),
    /** Message of the log that brought the outputs: a result, a signal, a child's end. */
    sequence: sequenceSchema.optional(),
    durationMs: ms,
    /** Of a request. */
    version: tokenSchema.optional(),
    implementation: tokenSchema.optional(),
    /** That answered; `native` = functions and the native workers. */
    pool: tokenSchema.optional(),
    attempts: count.optional(),
    ...spent,
    /** What stood in for it after it failed. */
    fallback: z.enum(["value", "stage"]).optional(),
    /** Not run again: taken over from this run. */
    reused: runSchema.optional(),
    /** Of a race: the body that won. */
    taken: count.optional(),
  }),
  /** One attempt has failed; `next` = what is done about it. */
  z.object({
    ...attempt,
    kind: z.literal("failed"),
    error: errorSchema,
    durationMs: ms,
    next: z.enum(["retry", "fallback", "value", "skip", "fail"]),
    /** Wait before the retry. */
    retryMs: count.optional(),
    /** Of a signal that said no: it is taken. */
    sequence: sequenceSchema.optional(),
    implementation: tokenSchema.optional(),
    pool: tokenSchema.optional(),
    ...spent,
  }),
  z.object({
    ...where,
    kind: z.literal("skipped"),
    /** `when` was not true · a stage that it needs was skipped. */
    why: z.enum(["when", "dependency"]),
  }),
  /** A body has begun: an item, an iteration, a case, an alternative (`name[k]`), or a fallback (`name[fallback]`). */
  z.object({ kind: z.literal("entered"), stage: count, path: z.string().max(1_024) }),
  /** All of a body has ended. */
  z.object({
    kind: z.literal("left"),
    stage: count,
    path: z.string().max(1_024),
    error: errorSchema.optional(),
  }),
  /** A body and all within it is given up: another one won, or its graph failed. */
  z.object({ kind: z.literal("dropped"), stage: count, path: z.string().max(1_024) }),
  z.object({ ...attempt, kind: z.literal("compensating") }),
  z.object({
    ...attempt,
    kind: z.literal("compensated"),
    durationMs: ms,
    error: errorSchema.optional(),
    sequence: sequenceSchema.optional(),
  }),
  /** The pipeline's own graph has ended; what follows is compensation, or `finished`. */
  z.object({
    kind: z.literal("ended"),
    status: z.enum(["succeeded", "failed", "cancelled"]),
    error: errorSchema.optional(),
    /** Of a stage that failed. */
    stage: count.optional(),
  }),
]);
export type PipelineStep = z.infer<typeof pipelineStepSchema>;
const steps = z.array(pipelineStepSchema).max(10_000);

/** What an earlier run had finished: `key` hashes stage, program, version and inputs. */
const reusable = z.object({
  key: z.string().max(64),
  sequence: sequenceSchema,
  version: tokenSchema.optional(),
});

export const pipelineStartedSchema = z.object({
  ...named,
  pipeline: tokenSchema,
  /** Of the definition; absent = it is not registered and comes along. */
  owner: tokenSchema.optional(),
  version: tokenSchema,
  definition: pipelineDefinitionSchema.optional(),
  inputs: jsonObjectSchema,
  options: pipelineRunOptionsSchema.optional(),
  /** Hash of what was asked for: the same run with another one is a conflict. */
  hash: z.string().max(64),
  /** The stage whose child run it is. */
  parent: z.object({ run: runSchema, stage: count, n: z.number().int().positive() }).optional(),
  /** 0 = nobody's child. */
  depth: count.max(MAX_CHILD_DEPTH),
  reuse: z
    .object({ run: runSchema, from: z.string().max(640).optional(), stages: z.array(reusable).max(4_000) })
    .optional(),
  traceparent: z.string().max(64).optional(),
  steps,
});
export type PipelineStarted = z.infer<typeof pipelineStartedSchema>;

/** stage-started, stage-finished, stage-failed, stage-skipped or compensated: the verb tells the first of its steps. */
export const pipelineProgressedSchema = z.object({ ...named, steps: steps.min(1) });
export type PipelineProgressed = z.infer<typeof pipelineProgressedSchema>;

export const pipelineSignalledSchema = z.object({
  ...named,
  signal: tokenSchema,
  data: jsonObjectSchema.optional(),
  /** The same key again changes nothing. */
  key: z.string().max(128).optional(),
  by: z.string().min(1).max(128),
});
export type PipelineSignalled = z.infer<typeof pipelineSignalledSchema>;

export const pipelineCancelledSchema = z.object({
  ...named,
  /** A user, `parent/<run>`. */
  by: z.string().min(1).max(128),
  reason: z.string().max(1_024).optional(),
});
export type PipelineCancelled = z.infer<typeof pipelineCancelledSchema>;

const stageReport = z.object({
  ...where,
  status: z.enum(["finished", "failed", "skipped", "cancelled", "unfinished"]),
  /** How often it was started at this place. */
  starts: count,
  startedAt: z.string().optional(),
  durationMs: ms.optional(),
  error: errorSchema.optional(),
  fallback: z.enum(["value", "stage"]).optional(),
  reused: z.boolean().optional(),
  /** Of the last request. */
  id: z.string().max(200).optional(),
});

/** The run's result: data of `finished`, and what `pipeline.result.<run>` answers. */
export const pipelineResultSchema = z.object({
  ...named,
  pipeline: tokenSchema,
  version: tokenSchema,
  status: z.enum(["succeeded", "failed", "cancelled"]),
  outputs: jsonObjectSchema.optional(),
  error: errorSchema.optional(),
  /** Name of the stage that made it fail. */
  failedStage: z.string().max(1_200).optional(),
  /** The first 256 stages in the order in which they ended. */
  stages: z.array(stageReport).max(256),
  /** How many stages ended in all, and how. */
  counts: z.object({ finished: count, failed: count, skipped: count, cancelled: count, requests: count }),
  /** Of a run that did not succeed: outputs (small ones) of the pipeline's own stages that finished, and why others did not. */
  partial: z
    .object({
      finished: z.record(z.string(), jsonObjectSchema),
      unfinished: z.array(z.object({ stage: z.string().max(64), why: z.string().max(1_024) })).max(1_000),
    })
    .optional(),
  /** Branches that were decided: `choose[0]`, `route[fallback]`, `race[1]`; the first 256. */
  pathTaken: z.array(z.string().max(1_200)).max(256),
  /** Why a fallback stood in, of the first that did. */
  fallbackReason: z.string().max(2_048).optional(),
  compensated: z
    .array(z.object({ ...where, error: errorSchema.optional() }))
    .max(256)
    .optional(),
  usage: usageSchema,
  timings: z.object({
    totalMs: ms,
    /** Sum of what its requests ran. */
    workMs: ms,
    /** Sum of what its requests waited: for a slot, for a route, for the log. */
    waitMs: ms,
    /** From the end of the last stage to this event. */
    finishMs: ms.optional(),
  }),
  /** Work by time. */
  parallelSpeedup: ms,
  startedAt: z.string(),
  parent: z.object({ run: runSchema, stage: count, n: z.number().int().positive() }).optional(),
  reused: z.object({ run: runSchema, stages: count }).optional(),
  log: z.object({ started: sequenceSchema, last: sequenceSchema }),
  /** In the log alone: the last steps, which no other event tells. */
  steps: steps.optional(),
});
export type PipelineResult = z.infer<typeof pipelineResultSchema>;

export const PIPELINE_EVENTS = {
  registered: { type: "dspex.pipeline.registered.v1", schema: pipelineRegisteredSchema },
  removed: { type: "dspex.pipeline.removed.v1", schema: pipelineRemovedSchema },
  started: { type: "dspex.pipeline.started.v1", schema: pipelineStartedSchema },
  "stage-started": { type: "dspex.pipeline.stage-started.v1", schema: pipelineProgressedSchema },
  "stage-finished": { type: "dspex.pipeline.stage-finished.v1", schema: pipelineProgressedSchema },
  "stage-failed": { type: "dspex.pipeline.stage-failed.v1", schema: pipelineProgressedSchema },
  "stage-skipped": { type: "dspex.pipeline.stage-skipped.v1", schema: pipelineProgressedSchema },
  compensated: { type: "dspex.pipeline.compensated.v1", schema: pipelineProgressedSchema },
  signalled: { type: "dspex.pipeline.signalled.v1", schema: pipelineSignalledSchema },
  cancelled: { type: "dspex.pipeline.cancelled.v1", schema: pipelineCancelledSchema },
  finished: { type: "dspex.pipeline.finished.v1", schema: pipelineResultSchema },
} as const;
export type PipelineVerb = keyof typeof PIPELINE_EVENTS;

export function isPipelineVerb(verb: string): verb is PipelineVerb {
  return Object.hasOwn(PIPELINE_EVENTS, verb);
}
