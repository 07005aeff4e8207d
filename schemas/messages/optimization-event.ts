// Optimisations in the log: `dspex.event.optimization.<run>.<verb>`. A run is a request with the id `<user>.o.<run>`; each
// step of it is an event, so that a worker that takes it over goes on where the last one was.

import { z } from "zod";
import { errorSchema } from "./error.ts";
import { jsonObjectSchema, sequenceSchema, tokenSchema } from "./parts.ts";

export const optimizationStartedSchema = z.object({
  run: tokenSchema,
  /** Whose request it is. */
  user: tokenSchema,
  program: tokenSchema,
  /** Version that is to be improved. */
  version: tokenSchema,
  optimizer: z.string().max(64),
  metric: z.string().max(256),
  /** Trials at most. */
  trials: z.number().int().positive(),
  /** A version that is better is tried with this share of the requests. */
  canary: z.number().positive().max(0.5).optional(),
});
export type OptimizationStarted = z.infer<typeof optimizationStartedSchema>;

export const optimizationTrialFinishedSchema = z.object({
  run: tokenSchema,
  /** Steps count from 0 within their run. */
  trial: z.number().int().nonnegative(),
  step: z.enum(["base", "candidate", "validation", "test"]),
  params: jsonObjectSchema,
  /** Only where the parameters alone do not make it again. */
  candidate: jsonObjectSchema.optional(),
  score: z.number(),
  /** Of each example, in order; fewer than there are where it was given up. */
  scores: z.array(z.number()),
  pruned: z.boolean().optional(),
  /** Answers that were none. */
  unanswered: z.number().int().nonnegative().optional(),
  metricFailures: z.number().int().nonnegative().optional(),
  /** Why a candidate could not be measured at all. */
  failure: z.string().optional(),
  /** Values of variables that no request may have together: nothing was tried. */
  infeasible: z.boolean().optional(),
  /** Means of all that is measured besides the score, by name. */
  objectives: z.record(z.string(), z.number()).optional(),
  /** The same of each example. */
  measures: z.record(z.string(), z.array(z.number())).optional(),
  /** Of the whole run so far. */
  spent: jsonObjectSchema,
});
export type OptimizationTrialFinished = z.infer<typeof optimizationTrialFinishedSchema>;

export const optimizationFinishedSchema = z.object({
  run: tokenSchema,
  program: tokenSchema,
  /** Scores with intervals, cost, verdict. */
  report: jsonObjectSchema,
  /** Of the program that it published; absent = nothing got better. */
  version: tokenSchema.optional(),
  result: sequenceSchema,
});
export type OptimizationFinished = z.infer<typeof optimizationFinishedSchema>;

export const optimizationFailedSchema = z.object({
  run: tokenSchema,
  program: tokenSchema,
  error: errorSchema,
});
export type OptimizationFailed = z.infer<typeof optimizationFailedSchema>;

export const optimizationCancelledSchema = z.object({ run: tokenSchema, program: tokenSchema });
export type OptimizationCancelled = z.infer<typeof optimizationCancelledSchema>;

export const OPTIMIZATION_EVENTS = {
  started: { type: "dspex.optimization.started.v1", schema: optimizationStartedSchema },
  "trial-finished": { type: "dspex.optimization.trial-finished.v1", schema: optimizationTrialFinishedSchema },
  finished: { type: "dspex.optimization.finished.v1", schema: optimizationFinishedSchema },
  failed: { type: "dspex.optimization.failed.v1", schema: optimizationFailedSchema },
  cancelled: { type: "dspex.optimization.cancelled.v1", schema: optimizationCancelledSchema },
} as const;
