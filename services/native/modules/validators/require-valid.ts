// A check as a condition: a native function asks it of its outputs, and what does not fit is tried again elsewhere.

import { DspexError } from "../../../../schemas/errors.ts";
import type { Check } from "./check.ts";
import { validate } from "./validate.ts";

/**
 * The value, if it is valid.
 * @throws DspexError `output_invalid`, which lets the router try the next implementation, with the problems as details.
 */
export function requireValid<Value>(value: Value, check: Check): Value {
  const { valid, problems } = validate(value, check);
  if (valid) return value;
  const [first] = problems;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : "";
  throw new DspexError("output_invalid", `${first?.path}: ${first?.message}${more}`, {
    path: first?.path.replace("$", "outputs"),
    details: { problems },
  });
}
