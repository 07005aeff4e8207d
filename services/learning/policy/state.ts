// The policy in force, as a fold of the log's policy events: settings, what is frozen, and what was published of each
// program. Routers and the learning service hold the same and change it by the same `evolvePolicy` (evolve.ts), in place.

import type {
  ArmStanding,
  PolicySettings,
  ProgramPolicy,
  TaskStrategy,
} from "../../../schemas/messages/policy-event.ts";
import { LEARNING_BOUNDS } from "../statistics/state.ts";

export const POLICY_BOUNDS = {
  /** Programs whose strategies are remembered, and programs that are frozen; least recently published out. */
  programs: LEARNING_BOUNDS.programs,
  /** Standings of all programs, ~300 B each. */
  standings: 100_000,
  /** Settings that can be gone back to, one step each. */
  former: 16,
} as const;

/** Before anybody has promoted others. */
export const STANDARD_SETTINGS: PolicySettings = {
  name: "standard",
  rule: "thompson",
  temper: 0.5,
  floor: 0.05,
};

export interface PolicyState {
  /** Of the newest `policy.updated`; 0 before the first. */
  version: number;
  coveredSequence: number;
  settings: PolicySettings;
  /** Sequence of the event that brought the settings; 0 = nobody has changed them. */
  settingsSequence: number;
  /** Settings before those in force, newest last: what a roll back returns to. */
  former: PolicySettings[];
  frozen: { all: boolean; programs: Set<string> };
  /** As last published, least recently published first. */
  programs: Map<string, ProgramPolicy>;
  /** Standings in `programs`. */
  standings: number;
}

export function initialPolicyState(): PolicyState {
  return {
    version: 0,
    coveredSequence: 0,
    settings: STANDARD_SETTINGS,
    settingsSequence: 0,
    former: [],
    frozen: { all: false, programs: new Set() },
    programs: new Map(),
    standings: 0,
  };
}

/** Nothing is learned of this program, and no policy is promoted because of it. */
export function isFrozen({ frozen }: PolicyState, program: string): boolean {
  return frozen.all || frozen.programs.has(program);
}

export function strategyOf(state: PolicyState, program: string, task: string): TaskStrategy | undefined {
  return state.programs.get(program)?.strategies.find((one) => one.task === task);
}

export function standingOf(
  state: PolicyState,
  program: string,
  task: string,
  armKey: string,
): ArmStanding | undefined {
  return strategyOf(state, program, task)?.arms.find((one) => one.arm === armKey);
}

export interface PolicyJson {
  version: number;
  coveredSequence: number;
  settings: PolicySettings;
  settingsSequence: number;
  former: PolicySettings[];
  frozen: { all: boolean; programs: string[] };
  programs: ProgramPolicy[];
}

/** The same state gives the same text. */
export function policyToJson({ frozen, programs, standings: _standings, ...rest }: PolicyState): PolicyJson {
  return {
    ...rest,
    former: [...rest.former],
    frozen: { all: frozen.all, programs: [...frozen.programs] },
    programs: [...programs.values()],
  };
}

/** Reads back what `policyToJson` wrote; the snapshot's hash has been checked before. */
export function policyFromJson({ frozen, programs, ...rest }: PolicyJson): PolicyState {
  return {
    ...rest,
    frozen: { all: frozen.all, programs: new Set(frozen.programs) },
    programs: new Map(programs.map((one) => [one.program, one])),
    standings: programs.reduce((sum, one) => sum + standingsOf(one), 0),
  };
}

/** Of all its kinds of task together. */
export function standingsOf({ strategies }: ProgramPolicy): number {
  return strategies.reduce((sum, { arms }) => sum + arms.length, 0);
}
