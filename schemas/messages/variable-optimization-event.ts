// Searches for better values of variables, in the log beside those for better programs: the same subjects
// `dspex.event.optimization.<run>.<verb>`, and `variables` in their data. A run waits in a queue while another one has
// variables that it touches; its trials, failures and cancels are those of all optimisations.

import { z } from "zod";
import { jsonObjectSchema, sequenceSchema, tokenSchema } from "./parts.ts";
import { variableDefinitionSchema, variableNameSchema } from "./variable-event.ts";

/** Variables that one run may search at once. */
export const MAX_SEARCHED = 32;
/** What can be measured of a request. Quality is maximised, the others are minimised. */
export const MEASURES = ["quality", "latencyMs", "tokens", "costUsd"] as const;
export type Measure = (typeof MEASURES)[number];

const searched = z.array(variableNameSchema).min(1).max(MAX_SEARCHED);
const about = {
  run: tokenSchema,
  /** Whose requests its trials are. */
  user: tokenSchema,
  /** That is measured, in the version that it has at the start. */
  program: tokenSchema,
  version: tokenSchema,
  variables: searched,
};

export const variableOptimizationQueuedSchema = z.object({
  ...about,
  /** All that a trial may change or that constrains it: no other run has one of them at the same time. */
  locks: z.array(variableNameSchema).min(1),
  metric: z.string().max(256),
  /** The first one decides where a single figure is shown. */
  objectives: z.array(z.enum(MEASURES)).min(1).max(MEASURES.length),
  /** Trials at most. */
  trials: z.number().int().positive(),
  priority: z.number().int().min(0).max(9),
  /** Whether the best values are put in force where they are surely better. */
  apply: z.boolean(),
  /** Of the run's request. */
  deadlineMs: z.number().int().positive(),
  /** What the pool is told besides. */
  job: jsonObjectSchema,
});
export type VariableOptimizationQueued = z.infer<typeof variableOptimizationQueuedSchema>;

/** From here on it has its variables, until its end or the end of its lease. */
export const variableOptimizationStartedSchema = z.object({
  ...about,
  /** Values and versions that are searched from; only these versions are replaced. */
  base: z.record(z.string(), z.object({ value: z.unknown(), version: z.number().int().positive() })),
  definitions: z.array(variableDefinitionSchema).min(1).max(MAX_SEARCHED),
  leaseMs: z.number().int().positive(),
});
export type VariableOptimizationStarted = z.infer<typeof variableOptimizationStartedSchema>;

export const variableOptimizationFinishedSchema = z.object({
  run: tokenSchema,
  program: tokenSchema,
  variables: searched,
  /** Scores with intervals, cost, verdict. */
  report: jsonObjectSchema,
  /** The best values are in force. */
  applied: z.boolean(),
  /** They were, and what was measured with them was worse: those before are back. */
  rolledBack: z.boolean(),
  /** What was measured after they were put in force. */
  check: jsonObjectSchema.optional(),
  /** Why they are not in force, where they were to be. */
  why: z.string().max(1_024).optional(),
  result: sequenceSchema,
});
export type VariableOptimizationFinished = z.infer<typeof variableOptimizationFinishedSchema>;

export const VARIABLE_OPTIMIZATION_EVENTS = {
  queued: { type: "dspex.optimization.queued.v1", schema: variableOptimizationQueuedSchema },
  started: { type: "dspex.optimization.started.v1", schema: variableOptimizationStartedSchema },
  finished: { type: "dspex.optimization.finished.v1", schema: variableOptimizationFinishedSchema },
} as const;
