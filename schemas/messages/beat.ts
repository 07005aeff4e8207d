// The sign of life of a worker.

import { z } from "zod";
import { sequenceSchema, tokenSchema } from "./parts.ts";

/** Sign of life of one worker, each second on core NATS. */
export const beatSchema = z.object({
  pool: tokenSchema,
  worker: tokenSchema,
  /** One process life: a successor under the same name has another. */
  incarnation: z.string(),
  slots: z.number().int().nonnegative(),
  busy: z.number().int().nonnegative(),
  rssBytes: z.number().int().nonnegative(),
  /** How far its follower of program and variable events is. */
  sequence: sequenceSchema,
});
export type Beat = z.infer<typeof beatSchema>;
