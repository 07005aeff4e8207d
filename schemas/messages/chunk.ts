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
  field: z.string().optional(),
  text: z.string(),
  final: z.boolean().optional(),
});
export type Chunk = z.infer<typeof chunkSchema>;
