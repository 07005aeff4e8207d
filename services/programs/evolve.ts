// state + event → state, for the registry. Changes the state in place.

import type { ProgramEvent } from "./event.ts";
import { evolveOptimizations } from "./optimize/evolve.ts";
import { type ProgramsState, REMOVED_KEPT, type RegisteredProgram, VERSIONS_KEPT } from "./state.ts";
import { endCanary, evolveVersions, forgetWanted, nameIn } from "./versions/evolve.ts";

export function evolve(state: ProgramsState, event: ProgramEvent): ProgramsState {
  state.sequence = event.sequence;
  switch (event.kind) {
    case "registered": {
      const { definition, by, sequence, timeMs } = event;
      const { name, version } = definition;
      const program = state.programs.get(name) ?? unregistered(name);
      program.status = "registered";
      program.current = version;
      forgetWanted(program, version);
      endCanary(program, version);
      program.versions.delete(version);
      program.versions.set(version, { definition, by, sequence, timeMs });
      while (program.versions.size > VERSIONS_KEPT)
        program.versions.delete(program.versions.keys().next().value as string);
      state.programs.set(name, program);
      return state;
    }
    case "removed": {
      const program = state.programs.get(event.name);
      if (program === undefined) return state;
      program.status = "removed";
      delete program.canary;
      // Behind the others: those that were removed first are forgotten first.
      state.programs.delete(program.name);
      state.programs.set(program.name, program);
      forgetRemoved(state);
      return state;
    }
    case "version-published":
    case "canary-started":
    case "promoted":
    case "rolled-back":
    case "withdrawn": {
      // The log may have forgotten the registration, which is told again, and not yet what is told of its versions.
      const program = state.programs.get(nameIn(event)) ?? unregistered(nameIn(event));
      state.programs.set(program.name, program);
      evolveVersions(program, event);
      return state;
    }
    case "optimization-started":
    case "optimization-trial":
    case "optimization-finished":
    case "optimization-failed":
    case "optimization-cancelled":
    case "optimization-answered":
      evolveOptimizations(state.runs, event);
      return state;
    default: {
      const unknown: never = event;
      void unknown;
      return state;
    }
  }
}

function forgetRemoved({ programs }: ProgramsState): void {
  const removed = [...programs.values()].filter(
    ({ status, versions }) => status === "removed" && versions.size > 0,
  );
  for (const { name } of removed.slice(0, -REMOVED_KEPT)) programs.delete(name);
}

function unregistered(name: string): RegisteredProgram {
  return { name, status: "removed", current: "", versions: new Map(), published: new Map() };
}
