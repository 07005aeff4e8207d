// The one final result of a request.

import { z } from "zod";
import { errorSchema } from "./error.ts";
import {
  attemptSchema,
  decisionSchema,
  jsonObjectSchema,
  requestIdSchema,
  sequenceSchema,
  tokenSchema,
  usageSchema,
} from "./parts.ts";

export const RESULT_TYPE = "dspex.result.stored.v1";

export const resultTimingsSchema = z.object({
  /** From the log's timestamp of the request to the start of the attempt that answered, less routing. */
  queueMs: z.number().nonnegative(),
  routeMs: z.number().nonnegative(),
  runMs: z.number().nonnegative(),
  totalMs: z.number().nonnegative(),
});

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
