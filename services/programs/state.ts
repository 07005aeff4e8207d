// The registry of programs as a fold: what is registered, in which versions, and the last sequence of each program's
// events, on which commands that must not race are conditional.

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
  /** Last sequence of `dspex.event.program.<name>.*`. */
  lastSequence: number;
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
