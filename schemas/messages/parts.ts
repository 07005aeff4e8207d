// Pieces that several messages share: usage, decision, plan, attempt.

import { z } from "zod";
import { errorSchema } from "./error.ts";

export const tokenSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "expected a token [A-Za-z0-9_-]{1,64}");
export const requestIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}$/,
    "expected <user>.<connection>.<n>",
  );
export const sequenceSchema = z.number().int().nonnegative();
export const jsonObjectSchema = z.record(z.string(), z.unknown());

/** Tokens and money of one or several model calls. */
export const usageSchema = z.object({
  inputTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  costUsd: z.number().nonnegative().optional(),
});
export type Usage = z.infer<typeof usageSchema>;

/** What follows when an attempt fails: the same implementation again, or another one. */
export const planStepSchema = z.object({
  step: z.enum(["retry", "fallback"]),
  implementation: tokenSchema,
  /** Wait before it, at least; a `retryAfterMs` of the error may lengthen it. */
  delayMs: z.number().int().nonnegative(),
});
export type PlanStep = z.infer<typeof planStepSchema>;

export const candidateSchema = z.object({
  implementation: tokenSchema,
  score: z.number(),
  probability: z.number().min(0).max(1),
  eligible: z.boolean(),
});

/** One routing decision, complete enough to be taken again from the log. */
export const decisionSchema = z.object({
  /** Log sequence of the state that it was taken from. */
  stateSequence: sequenceSchema,
  policyVersion: z.string(),
  features: jsonObjectSchema,
  candidates: z.array(candidateSchema),
  chosen: tokenSchema,
  /** Unfinished work by pool as counted at that moment, this router's own last decisions included. */
  inFlight: z.record(z.string(), z.number().int().nonnegative()),
});
export type Decision = z.infer<typeof decisionSchema>;

/** One attempt as the result tells it. */
export const attemptSchema = z.object({
  attempt: z.number().int().positive(),
  implementation: tokenSchema,
  pool: tokenSchema.optional(),
  worker: tokenSchema.optional(),
  startedAt: z.string(),
  durationMs: z.number().nonnegative(),
  error: errorSchema.optional(),
  usage: usageSchema.optional(),
});
export type Attempt = z.infer<typeof attemptSchema>;
