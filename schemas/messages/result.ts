// The one final result of a request.

import { z } from "zod";
import { errorSchema } from "./error.ts";
import { roundMs } from "./ms.ts";
import {
  attemptSchema,
  decisionSchema,
  jsonObjectSchema,
  requestIdSchema,
  sequenceSchema,
  tokenSchema,
  usageSchema,
} from "./parts.ts";
import { validationSchema } from "./validator.ts";

export const RESULT_TYPE = "dspex.result.stored.v1";

const ms = z.number().nonnegative();

/**
 * Where the time of the attempt that answered went. `queueMs + routeMs + runMs` are all of it. `waitMs` and what follows
 * are the parts of it that somebody measured, none of them twice; what is left of `totalMs` was the log, the way between
 * processes and large values, read and stored. A part that took none may be absent; without `decodeMs` no other than `failedMs` was measured.
 */
export const resultTimingsSchema = z.object({
  /** From the log's timestamp of the request to the start of the attempt that answered, less routing. */
  queueMs: ms,
  routeMs: ms,
  runMs: ms,
  /** Until the result was put together. */
  totalMs: ms,
  /** Waited for a place in a pool, for the session's turn before, for a slot of the worker, or before a retry. */
  waitMs: ms.optional(),
  /** Earlier attempts, which failed. */
  failedMs: ms.optional(),
  /** Read the request, the work and the values in them, which are checked in the same pass. */
  decodeMs: ms.optional(),
  /** Checked the outputs, in Python and for functions in the pass that makes them JSON's values. */
  validateMs: ms.optional(),
  /** At least one call of a model was under way. */
  modelMs: ms.optional(),
  /** The function, the module or the adapter, without its calls of models. */
  codeMs: ms.optional(),
  /** Wrote the work and the result, which comes after `totalMs`. */
  encodeMs: ms.optional(),
});
export type ResultTimings = z.infer<typeof resultTimingsSchema>;

/** The same with how long it took to write the result, after the work, where its parts were measured. */
export function writtenIn(timings: ResultTimings, ms: number): ResultTimings {
  if (timings.decodeMs === undefined) return timings;
  return { ...timings, encodeMs: roundMs((timings.encodeMs ?? 0) + ms) };
}

export const resultSchema = z.object({
  id: requestIdSchema,
  status: z.enum(["succeeded", "failed", "cancelled"]),
  outputs: jsonObjectSchema.optional(),
  error: errorSchema.optional(),
  program: z.string(),
  version: tokenSchema.optional(),
  implementation: tokenSchema.optional(),
  attempts: z.array(attemptSchema),
  fallbackReason: z.string().optional(),
  usage: usageSchema,
  timings: resultTimingsSchema,
  decision: decisionSchema.optional(),
  confidence: z.number().min(0).max(1).optional(),
  /** Of an answer that was chosen by likelihood: each label's log-probability before calibration. */
  labelScores: z.record(z.string(), z.number()).optional(),
  /** What the program's validators say of the outputs; absent where it has none. */
  validation: validationSchema.optional(),
  session: tokenSchema.optional(),
  /** Hex SHA-256 of the canonical JSON of `{program, inputs, options}`. */
  requestHash: z.string(),
  log: z.object({
    request: sequenceSchema,
    work: z.array(sequenceSchema),
    failures: z.array(sequenceSchema),
  }),
});
export type Result = z.infer<typeof resultSchema>;
