// Settings of a router, each with its default.

import { z } from "zod";

export const routerConfigSchema = z.object({
  /** Slots by pool; at most twice as much work of a pool is on its way. */
  poolSlots: z
    .record(z.string(), z.number().int().positive())
    .default({ general: 8, optimizer: 2, neural: 4, native: 16 }),
  /** Requests that wait for a place, by pool and in all; above it the least important is answered `overloaded`. */
  waitingPerPool: z.number().int().positive().default(1_000),
  waitingTotal: z.number().int().positive().default(10_000),
  /** Worker threads for native functions that are not declared inline. */
  nativeThreads: z.number().int().positive().default(2),
  /** Longest run of a native function that sets no time of its own, ms. */
  nativeTimeoutMs: z.number().int().positive().default(30_000),
  /** Requests held at once by this router. */
  maxHeld: z.number().int().positive().default(15_000),
  /** Log messages between two snapshots of the fold. */
  snapshotEvery: z.number().int().positive().default(50_000),
  /** ack_wait of both consumers as the keeper made them: a router that died gives its messages back after this. */
  ackWaitMs: z.number().int().positive().default(30_000),
  /** Deliveries of one message before it becomes a dead letter. */
  maxDeliveries: z.number().int().positive().default(8),
});
export type RouterConfig = z.infer<typeof routerConfigSchema>;
