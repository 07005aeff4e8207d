// What a router knows, all of it from the log. `evolve` changes the state in place: it is owned by one fold, and
// copying maps of hundreds of thousands of entries a message would be the end of it. It stays deterministic.

import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { Attempt, Place } from "../../schemas/messages/parts.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";
import {
  initialPolicyState,
  type PolicyJson,
  type PolicyState,
  policyFromJson,
  policyToJson,
} from "../learning/policy/state.ts";
import {
  type LearningJson,
  stateFromJson as learningFromJson,
  stateToJson as learningToJson,
} from "../learning/statistics/json.ts";
import {
  initialState as initialLearning,
  LEARNING_EVOLVE_VERSION,
  type LearningState,
} from "../learning/statistics/state.ts";
import {
  initialView,
  type SessionsView,
  type ViewJson,
  viewFromJson,
  viewToJson,
} from "../sessions/turns.ts";
import {
  initialState as initialVariables,
  VARIABLES_EVOLVE_VERSION,
  type VariablesState,
  stateFromJson as variablesFromJson,
  stateToJson as variablesToJson,
} from "../variables/state.ts";
import {
  type Breakers,
  type BreakersJson,
  breakersFromJson,
  breakersToJson,
  MAX_BREAKERS,
  newBreakers,
} from "./breakers/state.ts";
import type { Canary } from "./canary.ts";
import { type Load, type LoadJson, loadFromJson, loadToJson, MAX_RUN_TIMES, newLoad } from "./load/state.ts";

/** Change it whenever `evolve` or the shape of the state changes: older snapshots are then ignored. */
export const ROUTER_EVOLVE_VERSION = `9.${LEARNING_EVOLVE_VERSION}.${VARIABLES_EVOLVE_VERSION}`;

/** Bounds of the state; together they bound the router's memory whatever the log holds. */
export const ROUTER_BOUNDS = {
  /** Unfinished requests that are remembered; beyond it a delivery looks the result up instead. ~400 B each. */
  open: 200_000,
  /** Client connections with their windows, least recently used first out. ~150 B each. */
  connections: 20_000,
  /** Numbers below a connection's highest that have not been seen; of older ones it is not known. */
  unseen: 256,
  /** Chosen and derived ids whose result is known. ~100 B each. */
  answered: 20_000,
  /** Versions of one program that stay callable by name. */
  versions: 32,
  /** What has failed of late, least recently concerned out. ~600 B each. */
  breakers: MAX_BREAKERS,
  /** Implementations whose run times are known, least recently ended out. ~150 B each. */
  runTimes: MAX_RUN_TIMES,
} as const;

export interface RunningAttempt {
  attempt: number;
  version: string;
  /** Where its outcome belongs; absent where the decision was not one of chance. */
  place?: Place;
  implementation: string;
  pool: string;
  worker: string;
  workSequence: number;
  /** Log time of its work, ms. */
  sinceMs: number;
}

export interface OpenRequest {
  id: string;
  user: string;
  program: string;
  /** Sequence of the request in the log: the lowest one with this id. */
  sequence: number;
  /** Log timestamp of the request, ms. */
  timeMs: number;
  deadlineAtMs: number;
  /** Its id may have been used and answered so long ago that it is not remembered: look before running it. */
  perhapsAnswered: boolean;
  /** Attempts that a pool has, two at most: a second one is a hedge. */
  running: RunningAttempt[];
  /** Failed attempts so far, oldest first. */
  attempts: Attempt[];
  /** The newest failure, with what of its plan is left. */
  lastFailure: AttemptFailed | undefined;
  /** Its log time, ms. */
  failedMs: number;
  work: number[];
  failures: number[];
}

/** A request as it begins. The members' order is that of `openFromJson`. */
export function openRequest(
  { id, user, program, sequence, timeMs, deadlineAtMs }: RequestFacts,
  perhapsAnswered = false,
): OpenRequest {
  return {
    id,
    user,
    program,
    sequence,
    timeMs,
    deadlineAtMs,
    perhapsAnswered,
    running: [],
    attempts: [],
    lastFailure: undefined,
    failedMs: 0,
    work: [],
    failures: [],
  };
}

/** Attempts that were begun, the one that comes next has the number after it. */
export function begunAttempts({ attempts, running }: OpenRequest): number {
  return attempts.length + running.length;
}

type RequestFacts = Pick<OpenRequest, "id" | "user" | "program" | "sequence" | "timeMs" | "deadlineAtMs">;

/** Which numbers of a client connection have been seen. */
export interface ConnectionWindow {
  highest: number;
  /** Of numbers up to this one that are not in `unseen` it is not known whether they were seen. */
  forgotten: number;
  unseen: Set<number>;
}

export interface ProgramEntry {
  current: string;
  /** A version that is tried beside it. */
  canary?: Canary;
  versions: Map<string, ProgramDefinition>;
}

export interface RouterState {
  sequence: number;
  /** Log time of the newest event, ms. */
  timeMs: number;
  programs: Map<string, ProgramEntry>;
  open: Map<string, OpenRequest>;
  connections: Map<string, ConnectionWindow>;
  answered: Set<string>;
  /** Work without result or failure, by pool. */
  inFlight: Map<string, number>;
  /** What outcomes have taught of each implementation. */
  learning: LearningState;
  /** By which settings it is used, and what was published of it. */
  policy: PolicyState;
  /** Whose turn it is in each session. */
  sessions: SessionsView;
  /** What can be tuned, as it is now. */
  variables: VariablesState;
  /** What has failed too often of late. */
  breakers: Breakers;
  /** How busy the pools are. */
  load: Load;
}

export function initialState(): RouterState {
  return {
    sequence: 0,
    timeMs: 0,
    programs: new Map(),
    open: new Map(),
    connections: new Map(),
    answered: new Set(),
    inFlight: new Map(),
    learning: initialLearning(),
    policy: initialPolicyState(),
    sessions: initialView(),
    variables: initialVariables(),
    breakers: newBreakers(),
    load: newLoad(),
  };
}

/** The state as plain JSON, in the same order for the same state: for snapshots and for `dspex replay`. */
export function stateToJson(state: RouterState): unknown {
  return {
    sequence: state.sequence,
    timeMs: state.timeMs,
    programs: [...state.programs].map(([name, p]) => ({
      name,
      current: p.current,
      ...(p.canary !== undefined && { canary: p.canary }),
      versions: [...p.versions.values()],
    })),
    open: [...state.open.values()],
    connections: [...state.connections].map(([key, w]) => ({
      key,
      highest: w.highest,
      forgotten: w.forgotten,
      unseen: [...w.unseen],
    })),
    answered: [...state.answered],
    inFlight: Object.fromEntries(state.inFlight),
    learning: learningToJson(state.learning),
    policy: policyToJson(state.policy),
    sessions: viewToJson(state.sessions),
    variables: variablesToJson(state.variables),
    breakers: breakersToJson(state.breakers),
    load: loadToJson(state.load),
  };
}

interface StateJson {
  sequence: number;
  timeMs: number;
  programs: { name: string; current: string; canary?: Canary; versions: ProgramDefinition[] }[];
  open: OpenRequest[];
  connections: { key: string; highest: number; forgotten: number; unseen: number[] }[];
  answered: string[];
  inFlight: Record<string, number>;
  learning: LearningJson;
  policy: PolicyJson;
  sessions: ViewJson;
  variables: unknown;
  breakers: BreakersJson;
  load: LoadJson;
}

/** Reads back what `stateToJson` wrote; the snapshot's hash has been checked before. */
export function stateFromJson(json: unknown): RouterState {
  const s = json as StateJson;
  return {
    sequence: s.sequence,
    timeMs: s.timeMs,
    programs: new Map(
      s.programs.map((p) => [
        p.name,
        {
          current: p.current,
          ...(p.canary !== undefined && { canary: p.canary }),
          versions: new Map(p.versions.map((v) => [v.version, v])),
        },
      ]),
    ),
    open: new Map(s.open.map((o) => [o.id, openFromJson(o)])),
    connections: new Map(
      s.connections.map(({ key, highest, forgotten, unseen }) => [
        key,
        { highest, forgotten, unseen: new Set(unseen) },
      ]),
    ),
    answered: new Set(s.answered),
    inFlight: new Map(Object.entries(s.inFlight)),
    learning: learningFromJson(s.learning),
    policy: policyFromJson(s.policy),
    sessions: viewFromJson(s.sessions),
    variables: variablesFromJson(s.variables),
    breakers: breakersFromJson(s.breakers),
    load: loadFromJson(s.load),
  };
}

/** Members in the order in which `openRequest` makes them: the state's hash depends on it. */
function openFromJson(json: OpenRequest): OpenRequest {
  const { lastFailure } = json;
  // JSON leaves out what is undefined; naming it keeps its place.
  return { ...openRequest(json), ...json, lastFailure };
}
