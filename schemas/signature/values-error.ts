// Values that do not fit their signature.
//
//   DspexError
//   └── ValuesError   invalid_inputs | output_invalid, with up to 20 problems

import { DspexError } from "../errors.ts";
import type { Problem } from "./check.ts";

export class ValuesError extends DspexError {
  /** At least one. */
  readonly problems: readonly Problem[];

  constructor(code: "invalid_inputs" | "output_invalid", problems: readonly Problem[]) {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    super(code, `${first?.path}: expected ${first?.expected}, got ${first?.got}${more}`, {
      path: first?.path,
      details: { problems },
    });
    this.problems = problems;
  }
}

export function isValuesError(value: unknown): value is ValuesError {
  return value instanceof ValuesError;
}
