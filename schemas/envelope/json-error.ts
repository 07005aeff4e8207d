// Texts and values that are not the JSON that travels.
//
//   DspexError
//   └── JsonError   invalid_inputs, with the path inside the value

import { DspexError } from "../errors.ts";

export class JsonError extends DspexError {
  constructor(message: string, path?: string, cause?: unknown) {
    super("invalid_inputs", path === undefined ? message : `${message} at ${path}`, { path, cause });
  }
}

export function isJsonError(value: unknown): value is JsonError {
  return value instanceof JsonError;
}
