// What an event does to a program's versions. Changes the program in place.

import type {
  VersionPromoted,
  VersionPublished,
  VersionRolledBack,
  VersionWithdrawn,
} from "../../../schemas/messages/version-event.ts";
import { type RegisteredProgram, VERSIONS_KEPT } from "../state.ts";

export type VersionEvent =
  | { kind: "version-published"; sequence: number; timeMs: number; data: VersionPublished }
  | { kind: "promoted"; sequence: number; timeMs: number; data: VersionPromoted }
  | { kind: "rolled-back"; sequence: number; timeMs: number; data: VersionRolledBack }
  | { kind: "withdrawn"; sequence: number; timeMs: number; data: VersionWithdrawn };

export function nameIn(event: VersionEvent): string {
  return event.kind === "version-published" ? event.data.definition.name : event.data.name;
}

export function evolveVersions(program: RegisteredProgram, event: VersionEvent): void {
  switch (event.kind) {
    case "version-published": {
      const { published } = program;
      published.delete(event.data.definition.version);
      published.set(event.data.definition.version, {
        ...event.data,
        sequence: event.sequence,
        timeMs: event.timeMs,
      });
      while (published.size > VERSIONS_KEPT) published.delete(published.keys().next().value as string);
      return;
    }
    case "promoted":
    case "rolled-back": {
      const { version, previous, base, by } = event.data;
      const pinned = event.kind === "promoted" && event.data.pinned;
      program.wanted = { version, previous, base, pinned, by };
      return;
    }
    case "withdrawn": {
      const { version, by, reason } = event.data;
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

/** Somebody registered another one: what was wanted before counts no more. */
export function forgetWanted(program: RegisteredProgram, version: string): void {
  if (program.wanted !== undefined && program.wanted.version !== version) delete program.wanted;
}
