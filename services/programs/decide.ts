// state + command → events, for the registry. Pure; nothing to append = the command changes nothing.

import { DspexError } from "../../schemas/errors.ts";
import type { ProgramDefinition, ProgramRegistered } from "../../schemas/messages/program-event.ts";
import type { Signature } from "../../schemas/signature/ast.ts";
import { formatSignature } from "../../schemas/signature/mod.ts";
import type { ProgramsState } from "./state.ts";

export interface Decided {
  registered: ProgramRegistered | undefined;
  /** Last sequence of the program's events that the decision was taken from; 0 = none yet. */
  expectedLastSequence: number;
}

/** Registers a definition; the same one again changes nothing. */
export function decideRegister(state: ProgramsState, definition: ProgramDefinition, by: string): Decided {
  const program = state.programs.get(definition.name);
  const same = program?.status === "registered" && program.current === definition.version;
  return {
    registered: same ? undefined : { ...definition, by },
    expectedLastSequence: program?.lastSequence ?? 0,
  };
}

/**
 * Registers a module that a pool found among its users' own. A program that was declared elsewhere is left alone when
 * it has the same signature: its declaration says how the module is used.
 * @throws DspexError `conflict` when it has another signature.
 */
export function decideModule(state: ProgramsState, definition: ProgramDefinition, by: string): Decided {
  const program = state.programs.get(definition.name);
  const current = program?.status === "registered" ? program.versions.get(program.current) : undefined;
  if (current === undefined || current.by === by) return decideRegister(state, definition, by);
  if (signatureText(current.definition) !== signatureText(definition)) {
    throw new DspexError(
      "conflict",
      `program "${definition.name}" is registered by ${current.by} with the signature ${signatureText(current.definition)}`,
    );
  }
  return { registered: undefined, expectedLastSequence: program?.lastSequence ?? 0 };
}

export function signatureText(definition: ProgramDefinition): string {
  return formatSignature(definition.signature as unknown as Signature);
}
