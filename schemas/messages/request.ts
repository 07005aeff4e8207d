// A request: what an application asks for. Either a CloudEvent with this data, or the bare inputs with headers.

import { z } from "zod";
import { MAX_DEADLINE_MS, MAX_PRIORITY } from "../limits.ts";
import { jsonObjectSchema, tokenSchema } from "./parts.ts";

export const REQUEST_TYPE = "dspex.request.submitted.v1";

export const requestOptionsSchema = z.object({
  session: tokenSchema.optional(),
  version: tokenSchema.optional(),
  implementation: tokenSchema.optional(),
  deadlineMs: z.number().int().positive().max(MAX_DEADLINE_MS).optional(),
  priority: z.number().int().min(0).max(MAX_PRIORITY).optional(),
  prefer: z.enum(["speed", "quality", "cost"]).optional(),
  stream: z.boolean().optional(),
  variables: jsonObjectSchema.optional(),
  budget: z
    .strictObject({ tokens: z.number().int().positive().optional(), usd: z.number().positive().optional() })
    .optional(),
  hedge: z.boolean().optional(),
});
export type RequestOptions = z.infer<typeof requestOptionsSchema>;

export const requestSchema = requestOptionsSchema
  .extend({ id: z.string().optional(), inputs: jsonObjectSchema })
  .strict();
export type RequestData = z.infer<typeof requestSchema>;
