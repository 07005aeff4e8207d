// What a running worker is told.

import { z } from "zod";
import { requestIdSchema, tokenSchema } from "./parts.ts";

/**
 * What a reader of a stream has room for, if it wants the producer to wait: chunks behind the one that it has had last, or
 * from the first one of a later attempt or delivery on. Without `room` it has left, and is not waited for any more.
 */
const creditSchema = z.object({
  verb: z.literal("credit"),
  id: requestIdSchema,
  /** Tells readers of one stream apart: the slowest counts. */
  reader: tokenSchema,
  /** 0 before its first chunk. */
  attempt: z.number().int().nonnegative(),
  delivery: z.number().int().nonnegative(),
  /** -1 before its first chunk. */
  index: z.number().int().min(-1),
  room: z.number().int().positive().optional(),
});
export type Credit = z.infer<typeof creditSchema>;

/** What a worker is told on `dspex-control.<pool>.<worker>` (`<worker>` or `any`). */
export const controlSchema = z.discriminatedUnion("verb", [
  z.object({
    verb: z.literal("cancel"),
    id: requestIdSchema,
    reason: z.enum(["cancelled", "deadline_exceeded"]),
  }),
  z.object({ verb: z.literal("drain") }),
  creditSchema,
]);
export type Control = z.infer<typeof controlSchema>;
