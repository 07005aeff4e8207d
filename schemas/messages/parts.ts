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

/** What implementations are judged by; they sum to more than 0 and are used in proportion. */
export const weightsSchema = z.strictObject({
  quality: z.number().nonnegative(),
  time: z.number().nonnegative(),
  cost: z.number().nonnegative(),
});
export type RewardWeights = z.infer<typeof weightsSchema>;

/** Where an outcome belongs in the statistics: the arm that was chosen, and what it was chosen for. */
export const placeSchema = z.object({
  /** Key of the arm: the implementation's name and a hash of its declaration. */
  arm: z.string().max(96),
  /** Kind of task, such as `label/low/english`. */
  task: z.string().max(64),
  /** Buckets of the inputs' length and of the load, 0 to 3. */
  length: z.number().int().min(0).max(3),
  load: z.number().int().min(0).max(3),
});
export type Place = z.infer<typeof placeSchema>;

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

/** What a model's server told of the call that answered. */
export const modelCallSchema = z.object({
  /** The model as its server names it. */
  modelId: z.string().max(256),
  finishReason: z.string().max(64),
  /** From the start of the call to the first piece of the answer, where it was streamed. */
  firstTokenMs: z.number().nonnegative().optional(),
  totalMs: z.number().nonnegative(),
});
export type ModelCall = z.infer<typeof modelCallSchema>;

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
  modelCall: modelCallSchema.optional(),
  /** Slot of the model's server in which the session's prompts are kept computed, where it has such. */
  slot: z.number().int().nonnegative().optional(),
});
export type Attempt = z.infer<typeof attemptSchema>;
