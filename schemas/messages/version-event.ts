// Versions of programs that an optimisation made: `dspex.event.program.<name>.<verb>`.

import { z } from "zod";
import { jsonObjectSchema, tokenSchema } from "./parts.ts";
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
});
export type VersionPublished = z.infer<typeof versionPublishedSchema>;

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
});
export type VersionPromoted = z.infer<typeof versionPromotedSchema>;

export const versionRolledBackSchema = versionPromotedSchema.omit({ pinned: true });
export type VersionRolledBack = z.infer<typeof versionRolledBackSchema>;

export const versionWithdrawnSchema = z.object({
  name: tokenSchema,
  version: tokenSchema,
  by: z.string(),
  reason: z.string().optional(),
});
export type VersionWithdrawn = z.infer<typeof versionWithdrawnSchema>;

export const VERSION_EVENTS = {
  "version-published": { type: "dspex.program.version-published.v1", schema: versionPublishedSchema },
  promoted: { type: "dspex.program.promoted.v1", schema: versionPromotedSchema },
  "rolled-back": { type: "dspex.program.rolled-back.v1", schema: versionRolledBackSchema },
  withdrawn: { type: "dspex.program.withdrawn.v1", schema: versionWithdrawnSchema },
} as const;
