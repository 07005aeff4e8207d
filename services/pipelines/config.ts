// Settings of the pipelines service, each with its default.

import { z } from "zod";

export const pipelinesConfigSchema = z.object({
  /** Messages of the log between two snapshots of the fold … */
  snapshotEvery: z.number().int().positive().default(50_000),
  /** … and the longest time without one while messages come, ms. */
  snapshotEveryMs: z.number().int().positive().default(600_000),
  /** How often what is due is looked for, ms. */
  tickMs: z.number().int().positive().default(25),
  /** How often registrations are looked for that the log is about to forget, ms. */
  renewEveryMs: z.number().int().positive().default(60_000),
  /** Values that are read at once for one run. */
  readsAtOnce: z.number().int().positive().default(64),
  /** Values that were read and stay at hand, bytes of their JSON. */
  cacheBytes: z.number().int().nonnegative().default(67_108_864),
});
export type PipelinesConfig = z.infer<typeof pipelinesConfigSchema>;
