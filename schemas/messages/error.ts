// The error object, the same wherever one travels.

import { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../error-codes.ts";

const codes = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];

/** The error object of results, attempt-failed events and API answers. */
export const errorSchema = z.object({
  code: z.enum(codes),
  message: z.string(),
  retryable: z.boolean(),
  retryAfterMs: z.number().int().nonnegative().optional(),
  path: z.string().optional(),
  details: z.unknown().optional(),
});
