// A judgement of a result.

import { z } from "zod";
import { requestIdSchema } from "./parts.ts";

/** A judgement of one result; idempotent by (id, metric, key). */
export const feedbackSchema = z.strictObject({
  id: requestIdSchema,
  score: z.number().min(0).max(1),
  metric: z.string().min(1).max(64).optional(),
  comment: z.string().max(4_096).optional(),
  key: z.string().min(1).max(128).optional(),
});
export type Feedback = z.infer<typeof feedbackSchema>;
