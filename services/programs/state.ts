// The registry of programs as a fold: what is registered, and in which versions.

import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";

export const PROGRAMS_EVOLVE_VERSION = "1";

/** Versions of one program that are kept; older ones stay in the log only. */
export const VERSIONS_KEPT = 32;

export interface RegisteredVersion {
  definition: ProgramDefinition;
  by: string;
  sequence: number;
  timeMs: number;
}

export interface RegisteredProgram {
  name: string;
  status: "registered" | "removed";
  current: string;
  versions: Map<string, RegisteredVersion>;
}

export interface ProgramsState {
  sequence: number;
  programs: Map<string, RegisteredProgram>;
}

export function initialState(): ProgramsState {
  return { sequence: 0, programs: new Map() };
}

/** The state as plain JSON, the same for the same state. */
export function stateToJson(state: ProgramsState): unknown {
  return {
    sequence: state.sequence,
    programs: [...state.programs.values()].map((p) => ({ ...p, versions: [...p.versions.values()] })),
  };
}

interface StateJson {
  sequence: number;
  programs: (Omit<RegisteredProgram, "versions"> & { versions: RegisteredVersion[] })[];
}

/** Reads back what `stateToJson` wrote; the snapshot's hash has been checked before. */
export function stateFromJson(json: unknown): ProgramsState {
  const { sequence, programs } = json as StateJson;
  return {
    sequence,
    programs: new Map(
      programs.map(({ name, status, current, versions }) => [
        name,
        { name, status, current, versions: new Map(versions.map((v) => [v.definition.version, v])) },
      ]),
    ),
  };
}
