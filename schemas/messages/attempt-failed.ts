// One failed attempt, and what of its plan is left. The router takes the next step from it.

import { z } from "zod";
import { errorSchema } from "./error.ts";
import {
  decisionSchema,
  planStepSchema,
  requestIdSchema,
  sequenceSchema,
  tokenSchema,
  usageSchema,
} from "./parts.ts";

export const ATTEMPT_FAILED_TYPE = "dspex.attempt.failed.v1";

export const attemptFailedSchema = z.object({
  id: requestIdSchema,
  attempt: z.number().int().positive(),
  implementation: tokenSchema,
  pool: tokenSchema,
  worker: tokenSchema,
  error: errorSchema,
  usage: usageSchema.optional(),
  startedAt: z.string(),
  durationMs: z.number().nonnegative(),
  plan: z.array(planStepSchema),
  /** The decision that led to this attempt. */
  decision: decisionSchema.optional(),
  requestSequence: sequenceSchema,
  workSequence: sequenceSchema,
});
export type AttemptFailed = z.infer<typeof attemptFailedSchema>;
