// Finds the JSON in what a model wrote: the whole text, or the object in it, fenced or with words around. Pure.

import { parseJson } from "../../../schemas/envelope/json.ts";
import { isPlainObject } from "../../../schemas/envelope/json-value.ts";
import { DspexError } from "../../../schemas/errors.ts";
import type { Signature } from "../../../schemas/signature/mod.ts";

const MAX_QUOTED_LENGTH = 80;

/** @throws DspexError `output_parse_error`. */
export function readAnswer(text: string, signature: Signature): unknown {
  const value = parseSomewhere(text);
  if (isPlainObject(value)) return value;
  // A single output is sometimes given without its name.
  const [only] = signature.outputs;
  return signature.outputs.length === 1 && only !== undefined ? { [only.name]: value } : value;
}

function parseSomewhere(text: string): unknown {
  const problem = tryParse(text.trim());
  if ("value" in problem) return problem.value;
  const start = text.indexOf("{");
  const end = text.lastIndexOf("}");
  if (start >= 0 && end > start) {
    const inner = tryParse(text.slice(start, end + 1));
    if ("value" in inner) return inner.value;
  }
  throw new DspexError(
    "output_parse_error",
    `the model's answer is ${problem.message}: ${JSON.stringify(text.slice(0, MAX_QUOTED_LENGTH))}`,
  );
}

function tryParse(text: string): { value: unknown } | { message: string } {
  try {
    return { value: parseJson(text) };
  } catch (error) {
    return { message: (error as Error).message };
  }
}
