// Versions of programs that an optimisation made: `dspex.event.program.<name>.<verb>`.

import { z } from "zod";
import { jsonObjectSchema, sequenceSchema, tokenSchema } from "./parts.ts";
import { programDefinitionSchema } from "./program-event.ts";

export const versionPublishedSchema = z.object({
  definition: programDefinitionSchema,
  /** Version that it was made from. */
  parent: tokenSchema,
  run: tokenSchema,
  by: z.string(),
  /** Key and hash of the artifact in its bucket. */
  artifact: z.object({ key: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  /** Scores with intervals, data hash, cost. */
  report: jsonObjectSchema,
  /** Told again before the log forgets it: what was known of it then. */
  again: z
    .object({
      timeMs: z.number(),
      withdrawn: z.object({ by: z.string(), reason: z.string().optional() }).optional(),
    })
    .optional(),
});
export type VersionPublished = z.infer<typeof versionPublishedSchema>;

const canarySideSchema = z.object({ count: z.number().int().nonnegative(), mean: z.number() });

/** What the requests of a canary have told, gathered since it began. */
export const canaryEvidenceSchema = z.object({
  channels: z.array(
    z.object({
      /** Whether first attempts succeed, or how their answers were judged. */
      channel: z.enum(["success", "score"]),
      canary: canarySideSchema,
      others: canarySideSchema,
      /** Wealth of the bets that it is better, and that it is worse. */
      better: z.number(),
      worse: z.number(),
    }),
  ),
  /** Wealth that convinces. */
  threshold: z.number(),
  /** Of the last outcome that counted. */
  coveredSequence: sequenceSchema,
});
export type CanaryEvidence = z.infer<typeof canaryEvidenceSchema>;

/** A version gets a share of the requests beside the one in use, until the evidence promotes or withdraws it. */
export const canaryStartedSchema = z.object({
  definition: programDefinitionSchema,
  /** In use beside it. Where another one comes into use, the canary is over. */
  base: tokenSchema,
  /** Probability with which a request that it can take goes to it. */
  share: z.number().positive().max(0.5),
  /** Outcomes of its own after which it is withdrawn, unless it was shown to be better. */
  maxOutcomes: z.number().int().positive(),
  by: z.string(),
  reason: z.string().optional(),
  /** Told again before the log forgets it: sequence of the first. */
  since: sequenceSchema.optional(),
});
export type CanaryStarted = z.infer<typeof canaryStartedSchema>;

export const versionPromotedSchema = z.object({
  name: tokenSchema,
  version: tokenSchema,
  /** The current one until then. */
  previous: tokenSchema,
  /** What is declared elsewhere, and no longer replaces this one. */
  base: tokenSchema,
  /** No declaration replaces it, whatever it says. */
  pinned: z.boolean(),
  by: z.string(),
  reason: z.string().optional(),
  /** Of a canary that was promoted by it. */
  evidence: canaryEvidenceSchema.optional(),
});
export type VersionPromoted = z.infer<typeof versionPromotedSchema>;

export const versionRolledBackSchema = versionPromotedSchema.omit({ pinned: true, evidence: true });
export type VersionRolledBack = z.infer<typeof versionRolledBackSchema>;

export const versionWithdrawnSchema = z.object({
  name: tokenSchema,
  version: tokenSchema,
  by: z.string(),
  reason: z.string().optional(),
  /** Of a canary that was withdrawn by it. */
  evidence: canaryEvidenceSchema.optional(),
});
export type VersionWithdrawn = z.infer<typeof versionWithdrawnSchema>;

export const VERSION_EVENTS = {
  "version-published": { type: "dspex.program.version-published.v1", schema: versionPublishedSchema },
  "canary-started": { type: "dspex.program.canary-started.v1", schema: canaryStartedSchema },
  promoted: { type: "dspex.program.promoted.v1", schema: versionPromotedSchema },
  "rolled-back": { type: "dspex.program.rolled-back.v1", schema: versionRolledBackSchema },
  withdrawn: { type: "dspex.program.withdrawn.v1", schema: versionWithdrawnSchema },
} as const;
