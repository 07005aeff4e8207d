// state + command → events, for the registry. Pure; nothing to append = the command changes nothing.

import { DspexError } from "../../schemas/errors.ts";
import type {
  ProgramDefinition,
  ProgramRegistered,
  ProgramRemoved,
} from "../../schemas/messages/program-event.ts";
import type { Signature } from "../../schemas/signature/ast.ts";
import { formatSignature } from "../../schemas/signature/mod.ts";
import { isOld, type LogRange } from "../log/range.ts";
import type { ProgramsState } from "./state.ts";

/** Registers a definition; undefined = the same is registered already. */
export function decideRegister(
  state: ProgramsState,
  definition: ProgramDefinition,
  by: string,
): ProgramRegistered | undefined {
  const program = state.programs.get(definition.name);
  const isSame = program?.status === "registered" && program.current === definition.version;
  return isSame ? undefined : { ...definition, by };
}

/**
 * Registers a module that a pool found among its users' own. A program that was declared elsewhere is left alone when
 * it has the same signature: its declaration says how the module is used.
 * @throws DspexError `conflict` when it has another signature.
 */
export function decideModule(
  state: ProgramsState,
  definition: ProgramDefinition,
  by: string,
): ProgramRegistered | undefined {
  const program = state.programs.get(definition.name);
  const current = program?.status === "registered" ? program.versions.get(program.current) : undefined;
  if (current === undefined || current.by === by) return decideRegister(state, definition, by);
  const text = signatureText(current.definition);
  if (text === signatureText(definition)) return undefined;
  throw new DspexError(
    "conflict",
    `program "${definition.name}" is registered by ${current.by} with the signature ${text}`,
  );
}

/** Removes a program for all users. @throws DspexError `unknown_program` when none is registered. */
export function decideRemove(state: ProgramsState, removal: ProgramRemoved): ProgramRemoved {
  if (state.programs.get(removal.name)?.status === "registered") return removal;
  throw new DspexError("unknown_program", `no program "${removal.name}" is registered`);
}

/**
 * The log forgets its head, by age and by size, and workers learn programs from it alone: a registration that lies in
 * the older half of what is left is told again, with the same version.
 */
export function decideRenewal(
  state: ProgramsState,
  name: string,
  range: LogRange,
): ProgramRegistered | undefined {
  const program = state.programs.get(name);
  const version = program?.status === "registered" ? program.versions.get(program.current) : undefined;
  if (version === undefined) return undefined;
  return isOld(version.sequence, range) ? { ...version.definition, by: version.by } : undefined;
}

export function signatureText(definition: ProgramDefinition): string {
  return formatSignature(definition.signature as unknown as Signature);
}
