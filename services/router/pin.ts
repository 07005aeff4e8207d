// A program may have a variable choose its implementation. Its value counts as if the request had named it; what the
// request names itself counts more. Pure.

import { DspexError, isDspexError } from "../../schemas/errors.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { RequestOptions } from "../../schemas/messages/request.ts";
import { quoted } from "../variables/fits.ts";
import { resolve } from "../variables/values.ts";
import type { RouterState } from "./state.ts";

/** What a request is decided with. */
export interface DecidedOptions extends RequestOptions {
  /** Variable that names `implementation`, where the request itself does not. */
  pinnedBy?: string;
}

/** The error says which value is no implementation. */
export function pinned(
  { variables }: RouterState,
  { name: program, implementations, routing }: ProgramDefinition,
  options: RequestOptions,
): DecidedOptions | DspexError {
  const name = routing?.implementationVariable;
  if (name === undefined || options.implementation !== undefined) return options;
  let value: unknown;
  try {
    value = resolve(variables, options.variables).values.get(name);
  } catch (error) {
    if (isDspexError(error)) return error;
    throw error;
  }
  // What is declared counts as long as there is no such variable.
  if (value === undefined) return options;
  const found = implementations.find((one) => one.name === value);
  if (found !== undefined) return { ...options, implementation: found.name, pinnedBy: name };
  const names = implementations.map((one) => one.name).join(", ");
  return new DspexError(
    "invalid_inputs",
    `variable "${name}" is no implementation of program "${program}": ${quoted(value)}, it has: ${names}`,
    { path: `variables.${name}` },
  );
}
