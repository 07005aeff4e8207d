// What may happen to a request besides its result: `dspex.event.request.<verb>`.

import { z } from "zod";
import { errorSchema } from "./error.ts";
import { requestIdSchema, sequenceSchema } from "./parts.ts";

/** A request that could not be taken; it is answered under `id`, which is `<user>.log.<sequence>` if it named none of its own. */
export const requestRefusedSchema = z.object({
  id: requestIdSchema,
  requestSequence: sequenceSchema,
  error: errorSchema,
});
export type RequestRefused = z.infer<typeof requestRefusedSchema>;

/** The same id again with another body. `requestSequence` is the later one, which is not run. */
export const requestConflictedSchema = z.object({
  id: requestIdSchema,
  requestSequence: sequenceSchema,
  requestHash: z.string(),
  firstHash: z.string(),
});
export type RequestConflicted = z.infer<typeof requestConflictedSchema>;

/** An attempt finished after another one had answered. */
export const requestSupersededSchema = z.object({
  id: requestIdSchema,
  attempt: z.number().int().positive(),
  pool: z.string(),
  worker: z.string(),
  usage: z
    .object({ inputTokens: z.number(), outputTokens: z.number(), costUsd: z.number().optional() })
    .optional(),
});
export type RequestSuperseded = z.infer<typeof requestSupersededSchema>;

/** A message that was delivered too often; it is kept here whole. */
export const requestDeadLetteredSchema = z.object({
  id: requestIdSchema.optional(),
  consumer: z.string(),
  subject: z.string(),
  sequence: sequenceSchema,
  deliveries: z.number().int().positive(),
  headers: z.record(z.string(), z.string()),
  /** The message's bytes, base64. */
  message: z.string(),
  error: errorSchema,
});
export type RequestDeadLettered = z.infer<typeof requestDeadLetteredSchema>;

export const cancelRequestedSchema = z.object({
  id: requestIdSchema,
  reason: z.string().max(1_024).optional(),
});
export type CancelRequested = z.infer<typeof cancelRequestedSchema>;

export const REQUEST_EVENTS = {
  refused: { type: "dspex.request.refused.v1", schema: requestRefusedSchema },
  conflicted: { type: "dspex.request.conflicted.v1", schema: requestConflictedSchema },
  superseded: { type: "dspex.request.superseded.v1", schema: requestSupersededSchema },
  "dead-lettered": { type: "dspex.request.dead-lettered.v1", schema: requestDeadLetteredSchema },
  "cancel-requested": { type: "dspex.request.cancel-requested.v1", schema: cancelRequestedSchema },
} as const;
