// Which implementations may take a request, and of the others why not. Pure.

import { DspexError } from "../../schemas/errors.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { TaskAnalysis } from "./analysis/analyse.ts";
import { missingFor } from "./capabilities.ts";
import type { DecidedOptions } from "./pin.ts";

/** Name of each implementation that cannot take the request → why. */
export type Exclusions = Map<string, string>;

/** @returns an error when the request names an implementation that there is not. */
export function exclusionsOf(
  definition: ProgramDefinition,
  analysis: TaskAnalysis,
  options: DecidedOptions,
  hasFunction: (program: string, implementation: string) => boolean,
): Exclusions | DspexError {
  const { name: program, implementations } = definition;
  const wanted = options.implementation;
  if (wanted !== undefined && !implementations.some(({ name }) => name === wanted)) {
    const names = implementations.map(({ name }) => name).join(", ");
    return new DspexError(
      "invalid_inputs",
      `program "${program}" has no implementation "${wanted}", it has: ${names}`,
      { path: "implementation" },
    );
  }
  const excluded: Exclusions = new Map();
  for (const implementation of implementations) {
    const { name, kind } = implementation;
    if (wanted !== undefined && name !== wanted) {
      excluded.set(name, `${namedBy(options)} names "${wanted}"`);
      continue;
    }
    const missing =
      kind === "native" && !hasFunction(program, name)
        ? "its function is not in this process"
        : missingFor(implementation, analysis, options);
    if (missing !== undefined) excluded.set(name, missing);
  }
  return excluded;
}

function namedBy({ pinnedBy }: DecidedOptions): string {
  return pinnedBy === undefined ? "the request" : `variable "${pinnedBy}"`;
}

/** Nothing can take the request: says what each implementation lacks. */
export function noneCapable({ name }: ProgramDefinition, excluded: Exclusions): DspexError {
  const told = [...excluded].map(([implementation, why]) => `${implementation}: ${why}`).join("; ");
  return new DspexError(
    "no_capable_implementation",
    `no implementation of "${name}" can take this request: ${told}`,
    { details: { missing: Object.fromEntries(excluded) } },
  );
}
