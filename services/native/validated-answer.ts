// A model's answer with what the program's validators say of it. An answer that must not stand was paid for nonetheless.

import { isDspexError } from "../../schemas/errors.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { Validation } from "../../schemas/messages/validator.ts";
import type { PartWatch } from "../bus/part-watch.ts";
import { type ModelAnswer, withUsage } from "./adapters/mod.ts";
import { checkOutputs } from "./modules/validators/mod.ts";

export interface ValidatedAnswer extends ModelAnswer {
  /** Absent where the program has no validators. */
  validation?: Validation;
}

/** @throws DspexError `output_invalid` where a validator fails that must not. */
export function validatedAnswer(
  { validators }: ProgramDefinition,
  inputs: Record<string, unknown>,
  answer: ModelAnswer,
  watch: PartWatch,
): ValidatedAnswer {
  if (validators === undefined) return answer;
  watch.skip();
  try {
    return { ...answer, validation: checkOutputs(validators, inputs, answer.outputs) };
  } catch (thrown) {
    throw isDspexError(thrown) ? withUsage(thrown, answer.usage) : thrown;
  } finally {
    watch.lap("validateMs");
  }
}
