// state + command → events, for versions. Pure. A promotion says what is wanted; the registration that makes routers and
// pools use it follows from the state, also after a crash between the two.
//
//   published ─▶ promoted ─▶ registered      rolled back ─▶ registered (the one before)      withdrawn ─▶ never promoted

import { DspexError } from "../../../schemas/errors.ts";
import type { ProgramDefinition, ProgramRegistered } from "../../../schemas/messages/program-event.ts";
import type {
  VersionPromoted,
  VersionPublished,
  VersionRolledBack,
  VersionWithdrawn,
} from "../../../schemas/messages/version-event.ts";
import { isOld, type LogRange } from "../../log/range.ts";
import { decideRegister } from "../decide.ts";
import type { ProgramsState, RegisteredProgram } from "../state.ts";

/** Undefined = it is published already. @throws DspexError `unknown_program`, or `conflict` for an unknown parent. */
export function decidePublish(
  state: ProgramsState,
  published: VersionPublished,
): VersionPublished | undefined {
  const { definition, parent } = published;
  const program = registered(state, definition.name);
  if (definitionIn(program, parent) === undefined)
    throw new DspexError(
      "conflict",
      `program "${definition.name}" has no version "${parent}" to be made from`,
    );
  return program.published.has(definition.version) ? undefined : published;
}

export interface Promotion {
  name: string;
  version: string;
  pin: boolean;
  by: string;
  reason?: string | undefined;
}

/** Undefined = it is so already. @throws DspexError `unknown_program`, `unknown_version`; `conflict` if it was withdrawn. */
export function decidePromote(
  state: ProgramsState,
  { name, version, pin, by, reason }: Promotion,
): VersionPromoted | undefined {
  const program = registered(state, name);
  existing(program, version);
  if (program.published.get(version)?.withdrawn !== undefined)
    throw new DspexError("conflict", `version "${version}" of "${name}" was withdrawn`);
  const { wanted, current } = program;
  if (current === version && (wanted?.pinned ?? false) === pin) return undefined;
  const previous = current === version ? (wanted?.previous ?? current) : current;
  const base = wanted?.base ?? current;
  return { name, version, previous, base, pinned: pin, by, ...(reason !== undefined && { reason }) };
}

export interface Rollback {
  name: string;
  by: string;
  reason?: string | undefined;
}

/** Back to the version before. @throws DspexError `unknown_program`; `conflict` where none was promoted. */
export function decideRollBack(state: ProgramsState, { name, by, reason }: Rollback): VersionRolledBack {
  const { wanted, current, ...program } = registered(state, name);
  if (wanted === undefined || wanted.previous === wanted.version)
    throw new DspexError("conflict", `no version of "${name}" was promoted: there is nothing to go back to`);
  existing({ ...program, current }, wanted.previous);
  return {
    name,
    version: wanted.previous,
    previous: current,
    base: wanted.base,
    by,
    ...(reason !== undefined && { reason }),
  };
}

/** Undefined = it is so already. @throws DspexError `unknown_version`; `conflict` for the one in use. */
export function decideWithdraw(
  state: ProgramsState,
  withdrawal: VersionWithdrawn,
): VersionWithdrawn | undefined {
  const { name, version } = withdrawal;
  const program = registered(state, name);
  const published = program.published.get(version);
  const isTried = program.canary?.version === version;
  if (published === undefined && !isTried)
    throw new DspexError("unknown_version", `no optimisation made a version "${version}" of "${name}"`);
  if (program.current === version)
    throw new DspexError("conflict", `version "${version}" of "${name}" is in use: roll it back first`);
  return isTried || published?.withdrawn === undefined ? withdrawal : undefined;
}

/** A published version that the log is about to forget, told again; undefined = there is none. */
export function decideVersionRenewal(
  state: ProgramsState,
  name: string,
  range: LogRange,
): VersionPublished | undefined {
  const program = state.programs.get(name);
  if (program?.status !== "registered") return undefined;
  const old = [...program.published.values()].find(({ sequence }) => isOld(sequence, range));
  if (old === undefined) return undefined;
  const { sequence: _sequence, timeMs, withdrawn, ...published } = old;
  return { ...published, again: { timeMs, ...(withdrawn !== undefined && { withdrawn }) } };
}

/** So is what somebody chose to be current. */
export function decideWantedRenewal(
  state: ProgramsState,
  name: string,
  range: LogRange,
): VersionPromoted | undefined {
  const program = state.programs.get(name);
  if (program?.status !== "registered" || program.wanted === undefined) return undefined;
  const { sequence, ...wanted } = program.wanted;
  return isOld(sequence, range) ? { name, ...wanted } : undefined;
}

/** The registration that is still to follow from a promotion or a roll-back. */
export function decideWanted(state: ProgramsState, name: string): ProgramRegistered | undefined {
  const program = state.programs.get(name);
  const wanted = program?.status === "registered" ? program.wanted : undefined;
  if (program === undefined || wanted === undefined || program.current === wanted.version) return undefined;
  const definition = definitionIn(program, wanted.version);
  return definition && { ...definition, by: wanted.by };
}

/** What the configuration declares; it does not replace a version that was promoted in its place. */
export function decideDeclared(
  state: ProgramsState,
  definition: ProgramDefinition,
  by: string,
): ProgramRegistered | undefined {
  const program = state.programs.get(definition.name);
  const wanted = program?.status === "registered" ? program.wanted : undefined;
  if (wanted !== undefined && (wanted.pinned || wanted.base === definition.version)) return undefined;
  return decideRegister(state, definition, by);
}

/** Registered, published, or being tried. */
export function definitionIn(program: RegisteredProgram, version: string): ProgramDefinition | undefined {
  const { versions, published, canary } = program;
  const found = versions.get(version) ?? published.get(version);
  return (found ?? (canary?.version === version ? canary : undefined))?.definition;
}

export function existing(program: RegisteredProgram, version: string): ProgramDefinition {
  const found = definitionIn(program, version);
  if (found !== undefined) return found;
  throw new DspexError("unknown_version", `program "${program.name}" has no version "${version}"`);
}

export function registered(state: ProgramsState, name: string): RegisteredProgram {
  const program = state.programs.get(name);
  if (program?.status === "registered") return program;
  throw new DspexError("unknown_program", `no program "${name}" is registered`);
}
