// What an event does to a program's versions. Changes the program in place.

import type {
  CanaryStarted,
  VersionPromoted,
  VersionPublished,
  VersionRolledBack,
  VersionWithdrawn,
} from "../../../schemas/messages/version-event.ts";
import { type RegisteredProgram, VERSIONS_KEPT } from "../state.ts";

export type VersionEvent =
  | { kind: "version-published"; sequence: number; timeMs: number; data: VersionPublished }
  | { kind: "canary-started"; sequence: number; timeMs: number; data: CanaryStarted }
  | { kind: "promoted"; sequence: number; timeMs: number; data: VersionPromoted }
  | { kind: "rolled-back"; sequence: number; timeMs: number; data: VersionRolledBack }
  | { kind: "withdrawn"; sequence: number; timeMs: number; data: VersionWithdrawn };

export function nameIn(event: VersionEvent): string {
  return "definition" in event.data ? event.data.definition.name : event.data.name;
}

export function evolveVersions(program: RegisteredProgram, event: VersionEvent): void {
  switch (event.kind) {
    case "version-published": {
      const { published } = program;
      const { again, ...data } = event.data;
      const { sequence, timeMs } = event;
      published.delete(data.definition.version);
      published.set(data.definition.version, { ...data, sequence, timeMs, ...again });
      while (published.size > VERSIONS_KEPT) published.delete(published.keys().next().value as string);
      return;
    }
    case "canary-started": {
      const { definition, base, share, maxOutcomes, by, since = event.sequence } = event.data;
      const { sequence, timeMs } = event;
      const { version } = definition;
      if (program.current === base)
        program.canary = { version, definition, base, share, maxOutcomes, by, since, sequence, timeMs };
      return;
    }
    case "promoted":
    case "rolled-back": {
      const { version, previous, base, by } = event.data;
      const pinned = event.kind === "promoted" && event.data.pinned;
      program.wanted = { version, previous, base, pinned, by, sequence: event.sequence };
      endCanary(program, version);
      return;
    }
    case "withdrawn": {
      const { version, by, reason } = event.data;
      if (program.canary?.version === version) delete program.canary;
      const found = program.published.get(version);
      if (found !== undefined) found.withdrawn = { by, ...(reason !== undefined && { reason }) };
      return;
    }
    default: {
      const unknown: never = event;
      void unknown;
    }
  }
}

/** Another version comes into use than the one beside which it was tried. */
export function endCanary(program: RegisteredProgram, version: string): void {
  if (program.canary !== undefined && program.canary.base !== version) delete program.canary;
}

/** Somebody registered another one: what was wanted before counts no more. */
export function forgetWanted(program: RegisteredProgram, version: string): void {
  if (program.wanted !== undefined && program.wanted.version !== version) delete program.wanted;
}
