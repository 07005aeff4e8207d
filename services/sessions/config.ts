// Settings of the sessions service: what an application configures (`sessions` of its configuration), and how the
// service itself works, each with its default.

import { z } from "zod";
import { sessionSettingsSchema } from "../../schemas/config/config.ts";

export const sessionsConfigSchema = z.object({
  ...sessionSettingsSchema.shape,
  /** Messages of the log between two snapshots of the fold; with many sessions twice as many as there are … */
  snapshotEvery: z.number().int().positive().default(50_000),
  /** … and the longest time without one while messages come, ms. */
  snapshotEveryMs: z.number().int().positive().default(600_000),
  /** How often contexts are looked for that the log is about to forget, ms. */
  retellEveryMs: z.number().int().positive().default(60_000),
  /** Sessions whose turns are written at once. */
  writesAtOnce: z.number().int().positive().default(256),
  /** Deliveries of a timer before it is given up. */
  maxDeliveries: z.number().int().positive().default(100),
});
export type SessionsConfig = z.infer<typeof sessionsConfigSchema>;
/** What decisions need of it. */
export type SessionsSettings = Pick<SessionsConfig, "ttlMs" | "reopen" | "maxOpen">;
