// The registry of programs as a fold: what is registered, and in which versions.

import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import type { OptimizationRun } from "./optimize/state.ts";
import type { ProgramVersions, PublishedVersion } from "./versions/state.ts";

export const PROGRAMS_EVOLVE_VERSION = "4";

/** Versions of one program that are kept; older ones stay in the log only. */
export const VERSIONS_KEPT = 32;

/** Programs that were removed and are remembered, the latest, with their versions. */
export const REMOVED_KEPT = 256;

export interface RegisteredVersion {
  definition: ProgramDefinition;
  by: string;
  sequence: number;
  timeMs: number;
}

export interface RegisteredProgram extends ProgramVersions {
  name: string;
  status: "registered" | "removed";
  current: string;
  versions: Map<string, RegisteredVersion>;
}

export interface ProgramsState {
  sequence: number;
  programs: Map<string, RegisteredProgram>;
  /** Optimisations by run. */
  runs: Map<string, OptimizationRun>;
}

export function initialState(): ProgramsState {
  return { sequence: 0, programs: new Map(), runs: new Map() };
}

/** The state as plain JSON, the same for the same state. */
export function stateToJson(state: ProgramsState): unknown {
  return {
    sequence: state.sequence,
    programs: [...state.programs.values()].map((p) => ({
      ...p,
      versions: [...p.versions.values()],
      published: [...p.published.values()],
    })),
    runs: [...state.runs.values()],
  };
}

interface StateJson {
  sequence: number;
  programs: (Omit<RegisteredProgram, "versions" | "published"> & {
    versions: RegisteredVersion[];
    published: PublishedVersion[];
  })[];
  runs: OptimizationRun[];
}

/** Reads back what `stateToJson` wrote; the snapshot's hash has been checked before. */
export function stateFromJson(json: unknown): ProgramsState {
  const { sequence, programs, runs } = json as StateJson;
  return {
    sequence,
    programs: new Map(
      programs.map(({ versions, published, ...program }) => [
        program.name,
        {
          ...program,
          versions: new Map(versions.map((v) => [v.definition.version, v])),
          published: new Map(published.map((v) => [v.definition.version, v])),
        },
      ]),
    ),
    runs: new Map(runs.map((run) => [run.run, run])),
  };
}
