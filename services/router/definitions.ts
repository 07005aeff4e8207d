// Looking up what a request is for.

import { DspexError } from "../../schemas/errors.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { Signature } from "../../schemas/signature/ast.ts";
import type { RouterState } from "./state.ts";

/** The AST of a definition; it was checked when the program was registered. */
export function signatureOf(definition: ProgramDefinition): Signature {
  return definition.signature as unknown as Signature;
}

/** The version that is asked for, or the current one; else the error that says what is unknown. */
export function findDefinition(
  state: RouterState,
  program: string,
  version: string | undefined,
): ProgramDefinition | DspexError {
  const entry = state.programs.get(program);
  if (entry === undefined) return new DspexError("unknown_program", `no program "${program}" is registered`);
  const definition = entry.versions.get(version ?? entry.current);
  return (
    definition ??
    new DspexError("unknown_version", `program "${program}" has no version "${version}"`, { path: "version" })
  );
}
