// Versions of a program that optimisations made, and which one is wanted, as part of the registry's fold.

import type { ProgramDefinition } from "../../../schemas/messages/program-event.ts";

export interface PublishedVersion {
  definition: ProgramDefinition;
  parent: string;
  run: string;
  by: string;
  artifact: { key: string; sha256: string };
  report: Record<string, unknown>;
  sequence: number;
  timeMs: number;
  withdrawn?: { by: string; reason?: string };
}

/** What somebody chose to be current; absent = whatever was registered last. */
export interface WantedVersion {
  version: string;
  /** The one before. */
  previous: string;
  /** What is declared elsewhere, and does not replace it. */
  base: string;
  pinned: boolean;
  by: string;
}

export interface ProgramVersions {
  published: Map<string, PublishedVersion>;
  wanted?: WantedVersion;
}
