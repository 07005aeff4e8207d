// Settings of the supervisor: which pools it keeps, with how many processes, and when it gives one up.

import { z } from "zod";
import { tokenSchema } from "../../schemas/messages/parts.ts";

/** Workers are numbered 0 … 15: consumers and permissions of a pool's workers are a fixed set. */
const MAX_PROCESSES = 16;

export const poolSettingsSchema = z.strictObject({
  pool: tokenSchema,
  /** Processes that take work. */
  processes: z.number().int().min(0).max(MAX_PROCESSES).default(1),
  /** Attempts that one process runs at once. */
  slots: z.number().int().min(1).max(1_024).default(8),
  /** Processes that have imported everything and wait for a name (about 100 MB each). */
  spares: z.number().int().min(0).max(4).default(1),
  /** A process above this is drained and replaced. */
  maxRssBytes: z
    .number()
    .int()
    .positive()
    .default(4 * 1_073_741_824),
  /** Folders of users' modules. */
  modules: z.array(z.string()).default([]),
});
export type PoolSettings = z.infer<typeof poolSettingsSchema>;

export const supervisorLimitsSchema = z.strictObject({
  /** Processes that import at once: more than there are cores only makes all of them late. */
  startsAtOnce: z.number().int().positive().default(2),
  /** The first spares start so long after all workers are ready: the first answers need the cores. */
  firstSparesAfterMs: z.number().int().nonnegative().default(10_000),
  /** Silence after which a living process is killed: three missed beats and a little. */
  beatTimeoutMs: z.number().int().positive().default(4_000),
  /** Beats are not counted for so long after a start, a reconnect or a pause of this process. */
  beatGraceMs: z.number().int().positive().default(10_000),
  /** A process that was not ready by then is killed. */
  startTimeoutMs: z.number().int().positive().default(120_000),
  /** Pause before the second start in a row that ends in a crash; doubles to the longest. */
  firstBackoffMs: z.number().int().positive().default(250),
  longestBackoffMs: z.number().int().positive().default(30_000),
  /** A process that lived so long starts the count of crashes anew. */
  healthyAfterMs: z.number().int().positive().default(60_000),
  /** A replaced process may finish what it holds for so long. */
  drainTimeoutMs: z.number().int().positive().default(300_000),
  /** The same when everything stops. */
  stopTimeoutMs: z.number().int().positive().default(6_000),
});
export type SupervisorLimits = z.infer<typeof supervisorLimitsSchema>;

export const supervisorConfigSchema = z.strictObject({
  pools: z.array(poolSettingsSchema).default([]),
  limits: supervisorLimitsSchema.prefault({}),
  /** Python interpreter with the pools' packages. */
  python: z.string(),
  /** Folder that has the package `dspex_pool`. */
  packages: z.string(),
  /** `pool-<pool>.log` of each pool lies here. */
  logFolder: z.string(),
  /** Environment of every pool process: models, tracing, log level. */
  environment: z.record(z.string(), z.string()).default({}),
  /** Login of each pool. */
  logins: z.record(z.string(), z.strictObject({ user: z.string(), password: z.string() })).default({}),
});
export type SupervisorConfig = z.input<typeof supervisorConfigSchema>;
