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
/** A process died or fell silent; `gaveBack` = stream sequences of the work that it held. */
export const workerLostSchema = z.object({
  ...worker,
  exitCode: z.number().int().nullable().optional(),
  signal: z.string().nullable().optional(),
  gaveBack: z.array(sequenceSchema),
});
export type WorkerStarted = z.infer<typeof workerStartedSchema>;
export type WorkerStopped = z.infer<typeof workerStoppedSchema>;
export type WorkerLost = z.infer<typeof workerLostSchema>;

export const WORKER_EVENTS = {
  started: { type: "dspex.worker.started.v1", schema: workerStartedSchema },
  stopped: { type: "dspex.worker.stopped.v1", schema: workerStoppedSchema },
  lost: { type: "dspex.worker.lost.v1", schema: workerLostSchema },
} as const;
