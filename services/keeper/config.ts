// Settings of the keeper with their defaults: how much the log may hold, how many replicas, how large the pools are.

import * as z from "zod";
import { MAX_WORKERS, SNAPSHOT_ROLES } from "../broker/mod.ts";

const MIB = 1_048_576;
const GIB = 1_073_741_824;
const DAY_MS = 86_400_000;

const bytes = z.int().min(MIB);
const pool = (slots: number) =>
  z
    .strictObject({
      /** Processes that take this pool's work, numbered from 0. */
      workers: z.int().min(0).max(MAX_WORKERS).default(1),
      /** What one of them works on at once. */
      slots: z.int().min(1).default(slots),
    })
    .prefault({});

export const keeperSettings = z.strictObject({
  /** Copies of every stream; three in production. */
  replicas: z.int().min(1).max(5).default(1),
  logMaxBytes: bytes.default(8 * GIB),
  /** How long a result, hence a used id, is remembered. */
  logMaxAgeMs: z
    .int()
    .min(60_000)
    .default(30 * DAY_MS),
  timerMaxBytes: bytes.default(GIB),
  chunkMaxBytes: bytes.default(128 * MIB),
  chunkMaxAgeMs: z.int().min(1_000).default(600_000),
  valueMaxBytes: bytes.default(4 * GIB),
  artifactMaxBytes: bytes.default(2 * GIB),
  /** Each service's snapshots; must hold several, so that a new one never pushes out the last whole one. */
  snapshotMaxBytes: bytes.default(512 * MIB),
  pools: z
    .strictObject({ native: pool(32), general: pool(8), optimizer: pool(2), neural: pool(4) })
    .prefault({}),
  /** Services whose snapshots must cover what is cut: those that this namespace runs. */
  snapshotServices: z.array(z.enum(SNAPSHOT_ROLES as [string, ...string[]])).default([...SNAPSHOT_ROLES]),
  /** The log's head is cut when it fills more than this part of `logMaxBytes` … */
  cutAbove: z.number().min(0.1).max(0.95).default(0.8),
  /** … down to this part, if snapshots cover that much. */
  cutDownTo: z.number().min(0.05).max(0.9).default(0.7),
  checkIntervalMs: z.int().min(10).default(10_000),
  /** Change streams and consumers that differ to what the code relies on, instead of refusing to start. */
  adopt: z.boolean().default(false),
});
export type KeeperSettings = z.infer<typeof keeperSettings>;
export type KeeperOptions = z.input<typeof keeperSettings>;
