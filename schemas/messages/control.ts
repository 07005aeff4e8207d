// What a running worker is told.

import { z } from "zod";
import { requestIdSchema } from "./parts.ts";

/** What a worker is told on `dspex-control.<pool>.<worker>` (`<worker>` or `any`). */
export const controlSchema = z.discriminatedUnion("verb", [
  z.object({
    verb: z.literal("cancel"),
    id: requestIdSchema,
    reason: z.enum(["cancelled", "deadline_exceeded"]),
  }),
  z.object({ verb: z.literal("drain") }),
  z.object({ verb: z.literal("credit"), id: requestIdSchema, chunks: z.number().int().positive() }),
]);
export type Control = z.infer<typeof controlSchema>;
