// Settings of the variables service, each with its default, and what an application declares.

import { z } from "zod";
import type { VariableDefinition } from "../../schemas/messages/variable-event.ts";

export const variablesConfigSchema = z.object({
  /** Searches that run at once; the pool has slots for two by default. */
  optimizationsAtOnce: z.number().int().positive().default(2),
  /** Searches that wait; further ones are refused. */
  maxQueued: z.number().int().positive().default(100),
  /** After a run's deadline its result is waited for so long; then its variables are others', ms. */
  leaseGraceMs: z.number().int().positive().default(60_000),
  /** Outcomes of requests that values which a search has put in force are watched for, 0 = none … */
  watchedOutcomes: z.number().int().nonnegative().default(1_000),
  /** … and the longest time, ms. */
  watchedMs: z.number().int().positive().default(86_400_000),
});
export type VariablesConfig = z.infer<typeof variablesConfigSchema>;

export interface VariablesOptions {
  /** Variables of the application's configuration; registered at the start where they are new or changed. */
  variables?: readonly VariableDefinition[];
  config?: Partial<VariablesConfig>;
}
