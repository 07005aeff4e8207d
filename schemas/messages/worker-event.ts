// The life of pool processes: `dspex.event.worker.<verb>`.

import { z } from "zod";
import { sequenceSchema, tokenSchema } from "./parts.ts";

const worker = {
  pool: tokenSchema,
  worker: tokenSchema,
  incarnation: z.string(),
  pid: z.number().int().optional(),
};

export const workerStartedSchema = z.object({
  ...worker,
  slots: z.number().int().positive(),
  modules: z.array(z.string()),
});
export const workerStoppedSchema = z.object({
  ...worker,
  reason: z.enum(["drained", "recycled", "shutdown"]),
});
/**
 * A process died or fell silent; `gaveBack` = stream sequences of the work that it held. A supervisor says how it ended
 * (`exitCode`, `signal`); a router, which has only heard no beat, says neither.
 */
export const workerLostSchema = z.object({
  ...worker,
  exitCode: z.number().int().nullable().optional(),
  signal: z.string().nullable().optional(),
  gaveBack: z.array(sequenceSchema),
});
/** One that counted as lost because nobody heard its beats is heard again: it lives, and takes what is its own. */
export const workerFoundSchema = z.object(worker);
export type WorkerStarted = z.infer<typeof workerStartedSchema>;
export type WorkerStopped = z.infer<typeof workerStoppedSchema>;
export type WorkerLost = z.infer<typeof workerLostSchema>;
export type WorkerFound = z.infer<typeof workerFoundSchema>;

export const WORKER_EVENTS = {
  started: { type: "dspex.worker.started.v1", schema: workerStartedSchema },
  stopped: { type: "dspex.worker.stopped.v1", schema: workerStoppedSchema },
  lost: { type: "dspex.worker.lost.v1", schema: workerLostSchema },
  found: { type: "dspex.worker.found.v1", schema: workerFoundSchema },
} as const;
