// A piece of a streamed output.

import { z } from "zod";
import { requestIdSchema } from "./parts.ts";

/** A piece of a streamed output. A reader follows the greatest (attempt, delivery) that it saw. */
export const chunkSchema = z.object({
  id: requestIdSchema,
  attempt: z.number().int().positive(),
  /** The consumer's delivery count of the work. */
  delivery: z.number().int().positive(),
  index: z.number().int().nonnegative(),
  /** The output that it belongs to; absent in one without text. */
  field: z.string().optional(),
  text: z.string(),
  /** `text` is a piece of the output's JSON, not of its text: whatever comes, what has come ends in whole values. */
  json: z.boolean().optional(),
  /** What came before it in this attempt is void: the implementation has begun again, or says something else in the end. */
  restarted: z.boolean().optional(),
  /** The last one: what has come since the last restart are the outputs. */
  final: z.boolean().optional(),
});
export type Chunk = z.infer<typeof chunkSchema>;
