// An application's configuration (`dspex.config.ts`) without its functions: models, pools, modules, sampling. Each
// setting has its default here.

import { z } from "zod";
import { modelsSchema } from "./models.ts";

export const poolSchema = z.strictObject({
  /** Requests that one process works on at once. */
  slots: z.number().int().positive().max(1_024),
  processes: z.number().int().nonnegative().max(15).default(1),
  /** A process above this is drained and replaced. */
  maxRssBytes: z
    .number()
    .int()
    .positive()
    .default(2 * 1_073_741_824),
});
export type Pool = z.infer<typeof poolSchema>;

/** Longer than the log remembers is of no use. */
const MAX_SESSION_TTL_MS = 604_800_000;

export const sessionSettingsSchema = z.strictObject({
  /** Idle time after which a session expires, where nobody says another. */
  ttlMs: z.number().int().min(1_000).max(MAX_SESSION_TTL_MS).default(86_400_000),
  /** A request in a session that ended opens it again, instead of being answered `gone`. */
  reopen: z.boolean().default(false),
  /** Turns, and bytes of their JSON, that programs get as history at most; the newest count. */
  historyTurns: z.number().int().min(0).max(64).default(32),
  historyBytes: z.number().int().min(0).max(262_144).default(131_072),
  /** Largest context document, as JSON. */
  contextBytes: z.number().int().positive().max(524_288).default(131_072),
  /** Open sessions; above it the one that was idle for longest expires. */
  maxOpen: z.number().int().positive().max(1_000_000).default(200_000),
});
export type SessionSettings = z.infer<typeof sessionSettingsSchema>;

export const configSchema = z.strictObject({
  /** Absent = the embedded model alone, under the name `local`. */
  models: modelsSchema.optional(),
  pools: z
    .strictObject({
      general: poolSchema.default({ slots: 8, processes: 1, maxRssBytes: 2 * 1_073_741_824 }),
      optimizer: poolSchema.default({ slots: 2, processes: 1, maxRssBytes: 4 * 1_073_741_824 }),
      neural: poolSchema.default({ slots: 4, processes: 1, maxRssBytes: 4 * 1_073_741_824 }),
    })
    .prefault({}),
  /** Slots of the TypeScript worker for model calls. */
  nativeSlots: z.number().int().positive().max(1_024).default(16),
  /** Folders with users' Python modules, relative to the configuration file. */
  modules: z.array(z.string()).default([]),
  sessions: sessionSettingsSchema.prefault({}),
  /** Serve the embedded model; false where no model is local. */
  embeddedModel: z.boolean().default(true),
  tracing: z
    .strictObject({
      /** OTLP/HTTP endpoint such as `http://127.0.0.1:4318`; absent = no traces are made. */
      endpoint: z.url().optional(),
      /** Share of requests that are traced. */
      ratio: z.number().min(0).max(1).default(1),
    })
    .prefault({}),
});
export type Config = z.infer<typeof configSchema>;
/** As a user writes it: what has a default may be left out. */
export type ConfigInput = z.input<typeof configSchema>;
