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
  withdrawn?: { by: string; reason?: string | undefined } | undefined;
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
  /** Where it was told last. */
  sequence: number;
}

/** A version that gets a share of the requests beside the one in use. */
export interface Canary {
  version: string;
  definition: ProgramDefinition;
  /** The one in use. */
  base: string;
  share: number;
  maxOutcomes: number;
  by: string;
  /** Sequence of its start: what came later is its evidence. */
  since: number;
  /** Where it was told last. */
  sequence: number;
  timeMs: number;
}

export interface ProgramVersions {
  published: Map<string, PublishedVersion>;
  wanted?: WantedVersion;
  canary?: Canary;
}
