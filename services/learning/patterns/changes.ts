// Changes of arms as they were noticed, with the log's time: what `policy.patterns` tells of drift.

import type { PolicyDrift } from "../../../schemas/messages/policy-event.ts";
import { recent } from "../fold/recent.ts";

export const CHANGES_BOUNDS = {
  /** Least recently changed out. */
  programs: 2_000,
  /** Of one program, newest kept. */
  changes: 16,
} as const;

export type Change = PolicyDrift & { timeMs: number };
export type ChangesState = Map<string, Change[]>;

export function rememberChange(state: ChangesState, change: Change): void {
  const changes = recent(state, change.program, CHANGES_BOUNDS.programs, (): Change[] => []);
  changes.push(change);
  if (changes.length > CHANGES_BOUNDS.changes) changes.shift();
}
