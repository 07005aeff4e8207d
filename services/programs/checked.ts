// The body of a request as its schema has it.

import type { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";
import type { ApiRequest } from "../bus/micro-service.ts";

/** @throws DspexError `invalid_inputs` with the path of what does not fit. */
export function checked<Of>(schema: z.ZodType<Of>, request: ApiRequest): Of {
  const parsed = schema.safeParse(request.json());
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new DspexError("invalid_inputs", `${request.tokens.join(".")}: ${issue?.message}`, {
      path: issue?.path.join("."),
    });
  }
  return parsed.data;
}
