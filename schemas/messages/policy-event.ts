// What was learned, and what follows from it: `dspex.event.policy.<verb>`.

import { z } from "zod";
import { sequenceSchema, tokenSchema } from "./parts.ts";

/** How implementations are chosen from the statistics. */
export const policySettingsSchema = z.strictObject({
  name: tokenSchema,
  rule: z.enum(["thompson", "declared-order", "uniform"]),
  /** Standard deviations of the posterior are multiplied by it: below 1 explores less. */
  temper: z.number().positive().max(10),
  /** Shared evenly among the candidates, so that each keeps being tried. */
  floor: z.number().min(0).max(1),
});
export type PolicySettings = z.infer<typeof policySettingsSchema>;

/** What is known of one arm for one kind of task. */
export const armStandingSchema = z.object({
  arm: z.string().max(96),
  implementation: tokenSchema,
  /** Discounted number of outcomes. */
  attempts: z.number().nonnegative(),
  successRate: z.number().min(0).max(1),
  /** Of attempts that succeeded, ms; absent where none has. */
  p50Ms: z.number().nonnegative().optional(),
  p95Ms: z.number().nonnegative().optional(),
  /** Mean score, and how many there were. */
  quality: z.number().min(0).max(1).optional(),
  scored: z.number().nonnegative(),
  meanTokens: z.number().nonnegative(),
  meanCostUsd: z.number().nonnegative().optional(),
  /** Expected reward under the program's weights, and the probability of being chosen without load. */
  reward: z.number(),
  probability: z.number().min(0).max(1),
});
export type ArmStanding = z.infer<typeof armStandingSchema>;

/** What to do for one kind of task, the best arm first. */
export const strategySchema = z.object({ task: z.string().max(64), arms: z.array(armStandingSchema) });
export type TaskStrategy = z.infer<typeof strategySchema>;

/** Means of the log-probabilities of a choice's labels over past inputs. */
export const calibrationSchema = z.object({
  arm: z.string().max(96),
  count: z.number().int().positive(),
  means: z.record(z.string(), z.number()),
});
export type Calibration = z.infer<typeof calibrationSchema>;

export const programPolicySchema = z.object({
  program: tokenSchema,
  strategies: z.array(strategySchema),
  calibrations: z.array(calibrationSchema),
});
export type ProgramPolicy = z.infer<typeof programPolicySchema>;

/** The strategies of the programs that changed; those of others stay as they were. */
export const policyUpdatedSchema = z.object({
  version: z.number().int().positive(),
  coveredSequence: sequenceSchema,
  /** Outcomes that are in it. */
  outcomes: z.number().int().nonnegative(),
  settings: policySettingsSchema,
  programs: z.array(programPolicySchema),
});
export type PolicyUpdated = z.infer<typeof policyUpdatedSchema>;

export const policyDriftSchema = z.object({
  program: tokenSchema,
  arm: z.string().max(96),
  /** Sequence of the outcome at which the change was noticed. */
  sequence: sequenceSchema,
  channel: z.enum(["immediate", "quality"]),
  direction: z.enum(["better", "worse"]),
  /** Sum of forecast errors when it rang, in standard deviations. */
  evidence: z.number(),
  before: z.number(),
  after: z.number(),
  observations: z.number().nonnegative(),
});
export type PolicyDrift = z.infer<typeof policyDriftSchema>;

/** Of two policies on the same log, at the moment of the change. */
export const policyEvidenceSchema = z.object({
  decisions: z.number().int().nonnegative(),
  /** Wealth of the bet that the new one is better, and the threshold that it passed. */
  wealth: z.number().nonnegative(),
  threshold: z.number().positive(),
  /** Mean reward got, and estimated of the new policy, with the half width of its interval. */
  logged: z.number(),
  estimated: z.number(),
  halfWidth: z.number(),
});
export type PolicyEvidence = z.infer<typeof policyEvidenceSchema>;

const change = {
  from: policySettingsSchema,
  to: policySettingsSchema,
  /** `learning`, or the user who ordered it. */
  by: z.string().max(64),
  reason: z.string().max(1_024).optional(),
  evidence: policyEvidenceSchema.optional(),
  /** Sequence of the log on which it rests. */
  coveredSequence: sequenceSchema,
};
export const policyPromotedSchema = z.object(change);
export const policyRolledBackSchema = z.object(change);
export type PolicyPromoted = z.infer<typeof policyPromotedSchema>;

/** While frozen nothing is learned, of one program or of all, and no policy is promoted by itself. */
export const policyFrozenSchema = z.object({
  program: tokenSchema.optional(),
  frozen: z.boolean(),
  by: z.string().max(64),
  reason: z.string().max(1_024).optional(),
});
export type PolicyFrozen = z.infer<typeof policyFrozenSchema>;

export const POLICY_EVENTS = {
  updated: { type: "dspex.policy.updated.v1", schema: policyUpdatedSchema },
  "drift-detected": { type: "dspex.policy.drift-detected.v1", schema: policyDriftSchema },
  promoted: { type: "dspex.policy.promoted.v1", schema: policyPromotedSchema },
  "rolled-back": { type: "dspex.policy.rolled-back.v1", schema: policyRolledBackSchema },
  frozen: { type: "dspex.policy.frozen.v1", schema: policyFrozenSchema },
} as const;
export type PolicyVerb = keyof typeof POLICY_EVENTS;
