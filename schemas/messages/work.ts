// Work: one attempt, sent by the router to a pool, with the decision that led to it and what follows if it fails.

import { z } from "zod";
import {
  attemptSchema,
  decisionSchema,
  jsonObjectSchema,
  planStepSchema,
  requestIdSchema,
  sequenceSchema,
  tokenSchema,
} from "./parts.ts";

export const WORK_TYPE = "dspex.work.dispatched.v1";

export const workSchema = z.object({
  id: requestIdSchema,
  attempt: z.number().int().positive(),
  user: tokenSchema,
  program: tokenSchema,
  version: tokenSchema,
  implementation: tokenSchema,
  /** The implementation's settings after request and variables were applied, e.g. `{model, temperature}`. */
  settings: jsonObjectSchema,
  inputs: jsonObjectSchema,
  session: tokenSchema.optional(),
  history: z.array(z.object({ inputs: jsonObjectSchema, outputs: jsonObjectSchema })).optional(),
  /** Request of the session's newest turn that succeeded: what a worker keeps of the session is good if it saw that one. */
  previousTurn: requestIdSchema.optional(),
  /** The slot that should take it, where it went to one. */
  worker: tokenSchema.optional(),
  /** RFC 3339; after it nobody waits for the result. */
  deadlineAt: z.string(),
  stream: z.boolean(),
  variables: jsonObjectSchema,
  plan: z.array(planStepSchema),
  decision: decisionSchema,
  requestSequence: sequenceSchema,
  /** When the log took the request, RFC 3339: the result's timings count from it. */
  requestedAt: z.string(),
  requestHash: z.string(),
  /** Time in the router from taking the request to sending this, ms. */
  routeMs: z.number().nonnegative(),
  /** Waited in the router before this was sent, ms: for a place, for the session's turn before, before a retry. */
  waitMs: z.number().nonnegative().optional(),
  /** Read the request in the router, and wrote this there, ms. */
  decodeMs: z.number().nonnegative().optional(),
  encodeMs: z.number().nonnegative().optional(),
  /** Attempts before this one, as the result will tell them. */
  attempts: z.array(attemptSchema),
  /** Sequences of the work and failures before this one. */
  log: z.object({ work: z.array(sequenceSchema), failures: z.array(sequenceSchema) }),
  fallbackReason: z.string().optional(),
});
export type Work = z.infer<typeof workSchema>;
