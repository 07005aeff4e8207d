// What a router knows, all of it from the log. `evolve` changes the state in place: it is owned by one fold, and
// copying maps of hundreds of thousands of entries a message would be the end of it. It stays deterministic.

import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { Attempt } from "../../schemas/messages/parts.ts";
import type { ProgramDefinition } from "../../schemas/messages/program-event.ts";

/** Change it whenever `evolve` or the shape of the state changes: older snapshots are then ignored. */
export const ROUTER_EVOLVE_VERSION = "2";

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
} as const;

export interface RunningAttempt {
  attempt: number;
  implementation: string;
  pool: string;
  worker: string;
  workSequence: number;
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
  running: RunningAttempt | undefined;
  /** Failed attempts so far, oldest first. */
  attempts: Attempt[];
  /** The newest failure, with what of its plan is left. */
  lastFailure: AttemptFailed | undefined;
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
    running: undefined,
    attempts: [],
    lastFailure: undefined,
    work: [],
    failures: [],
  };
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
  versions: Map<string, ProgramDefinition>;
}

export interface RouterState {
  sequence: number;
  programs: Map<string, ProgramEntry>;
  open: Map<string, OpenRequest>;
  connections: Map<string, ConnectionWindow>;
  answered: Set<string>;
  /** Work without result or failure, by pool. */
  inFlight: Map<string, number>;
}

export function initialState(): RouterState {
  return {
    sequence: 0,
    programs: new Map(),
    open: new Map(),
    connections: new Map(),
    answered: new Set(),
    inFlight: new Map(),
  };
}

/** The state as plain JSON, in the same order for the same state: for snapshots and for `dspex replay`. */
export function stateToJson(state: RouterState): unknown {
  return {
    sequence: state.sequence,
    programs: [...state.programs].map(([name, p]) => ({
      name,
      current: p.current,
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
  };
}

interface StateJson {
  sequence: number;
  programs: { name: string; current: string; versions: ProgramDefinition[] }[];
  open: OpenRequest[];
  connections: { key: string; highest: number; forgotten: number; unseen: number[] }[];
  answered: string[];
  inFlight: Record<string, number>;
}

/** Reads back what `stateToJson` wrote; the snapshot's hash has been checked before. */
export function stateFromJson(json: unknown): RouterState {
  const s = json as StateJson;
  return {
    sequence: s.sequence,
    programs: new Map(
      s.programs.map((p) => [
        p.name,
        { current: p.current, versions: new Map(p.versions.map((v) => [v.version, v])) },
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
  };
}

/** Members in the order in which `openRequest` makes them: the state's hash depends on it. */
function openFromJson(json: OpenRequest): OpenRequest {
  const { running, lastFailure } = json;
  // JSON leaves out what is undefined; naming it keeps its place.
  return { ...openRequest(json), ...json, running, lastFailure };
}
