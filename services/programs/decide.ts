// state + command → events, for the registry. Pure; nothing to append = the command changes nothing.

import { DspexError } from "../../schemas/errors.ts";
import type { ProgramDefinition, ProgramRegistered } from "../../schemas/messages/program-event.ts";
import type { Signature } from "../../schemas/signature/ast.ts";
import { formatSignature } from "../../schemas/signature/mod.ts";
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

/**
 * The log forgets its head, by age and by size, and workers learn programs from it alone: a registration that lies in
 * the older half of what is left is told again, with the same version.
 */
export function decideRenewals(
  state: ProgramsState,
  firstSequence: number,
  lastSequence: number,
): ProgramRegistered[] {
  const middle = firstSequence + Math.floor((lastSequence - firstSequence) / 2);
  const renewals: ProgramRegistered[] = [];
  for (const { status, current, versions } of state.programs.values()) {
    const version = versions.get(current);
    if (status !== "registered" || version === undefined) continue;
    const isOld = version.sequence < firstSequence || (firstSequence > 1 && version.sequence < middle);
    if (isOld) renewals.push({ ...version.definition, by: version.by });
  }
  return renewals;
}

export function signatureText(definition: ProgramDefinition): string {
  return formatSignature(definition.signature as unknown as Signature);
}
