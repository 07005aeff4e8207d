// Settings of the learning service, each with its default.

import { z } from "zod";

export const learningConfigSchema = z.object({
  /** Messages of its filters between two snapshots of the fold … */
  snapshotEvery: z.number().int().positive().default(20_000),
  /** … and the longest time without one while messages come, ms. */
  snapshotEveryMs: z.number().int().positive().default(600_000),
});
export type LearningConfig = z.infer<typeof learningConfigSchema>;
