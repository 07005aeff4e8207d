// What the sessions service knows: of each session where its things lie in the log, never its contents. Sessions are
// never changed in place but replaced, so that a list of them taken at one moment stays as it was: a snapshot is
// written from such a list, piece by piece, while events go on being folded.

import { initialPerformance, type Performance } from "./performance.ts";

/** Change it whenever `evolve` or the shape of the state changes: older snapshots are then ignored. */
export const SESSIONS_EVOLVE_VERSION = "3";

/** Bounds of the state; together they bound the memory whatever the log holds. About 1 kB a session. */
export const SESSIONS_BOUNDS = {
  /** Sessions that have not ended. Above the setting `maxOpen` they are made to expire; this is what memory allows. */
  live: 1_000_000,
  /** Ended sessions that are known without a look into the log, least recently used first out. */
  ended: 200_000,
  /** Requests of one session that wait or run; further ones are not watched, their results still become turns. */
  openTurns: 1_000,
  /** Of one request: where it and the copies that were sent again lie. */
  copies: 256,
  /** Newest turns of one session that can be history. */
  history: 64,
  /** Ids of a session's last turns: the same request sent again is told by them. */
  recentIds: 8,
  /** Where each 64th turn of a session lies: any turn is found by reading 64 at most. */
  marks: 1_024,
} as const;

/** Turns between two marks. */
export const TURNS_A_MARK = 64;
/** A request whose deadline passed so long ago without a result is none that anybody runs: it was a copy of another. */
const STALE_MS = 60_000;

/** A request of the session whose turn is not in the log yet. */
export interface OpenTurn {
  id: string;
  /** Log sequence of the request; 0 = not seen, only its result. */
  sequence: number;
  deadlineAtMs: number;
  requests: readonly number[];
  work: readonly number[];
  failures: readonly number[];
  /** Log sequence of the result; 0 = none yet. */
  result: number;
}

/** `named` = a request named it and nobody has opened it yet. */
export type SessionStatus = "named" | "open" | "closed" | "expired" | "erased";

export interface Session {
  user: string;
  session: string;
  status: SessionStatus;
  /** 0 = as configured. */
  ttlMs: number;
  /** Log times, ms: of the first event, and of the last sign of life. */
  openedMs: number;
  activeMs: number;
  /** Log sequence of the last event of its own; what follows is appended on the condition that it still is. */
  eventSequence: number;
  /** Of the event that ended it; 0 = none did. */
  endedSequence: number;
  turns: number;
  /** Number of the first turn that is its own and still there; those before are of its origin, or erased. */
  firstTurn: number;
  /** Turns that are another session's. */
  parent: { session: string; turn: number } | undefined;
  /** Log sequences of the newest turns that succeeded, oldest first. */
  history: readonly number[];
  marks: readonly number[];
  recentIds: readonly string[];
  contextVersion: number;
  /** Log sequence of the event that has the context; 0 = none. */
  contextSequence: number;
  /** In order of their sequence. */
  open: readonly OpenTurn[];
  performance: Performance;
  /** Log sequence of a tombstone whose bytes may still be there; 0 = none. */
  erasing: number;
  /** Something came after the tombstone that has to go, too. */
  isUnerased: boolean;
  /** It is no session: under its name all that the user had up to this sequence is erased; 0 = it is one. */
  upTo: number;
}

export interface SessionsState {
  sequence: number;
  /** Log time of the newest event, ms. */
  timeMs: number;
  /** By `sessionKey`, least recently used first: those that are named or open … */
  live: Map<string, Session>;
  /** … and those that ended. */
  ended: Map<string, Session>;
  /** Keys of living sessions by the log sequence where their context lies, lowest first. Follows from the others. */
  contexts: Map<number, string>;
  /** Key of the session by the id of an open turn. Follows from the others. */
  keyOfTurn: Map<string, string>;
  /** Names of the sessions of each user. Follows from the others. */
  namesOf: Map<string, Set<string>>;
  /** Keys of sessions whose bytes are still to be erased. Follows from the others. */
  toErase: Set<string>;
}

export function sessionKey(user: string, session: string): string {
  return `${user}.${session}`;
}

export function initialState(): SessionsState {
  return {
    sequence: 0,
    timeMs: 0,
    live: new Map(),
    ended: new Map(),
    contexts: new Map(),
    keyOfTurn: new Map(),
    namesOf: new Map(),
    toErase: new Set(),
  };
}

/** A session of which nothing is known but its name. The members' order is that of the snapshot. */
export function newSession(user: string, session: string, timeMs: number): Session {
  return {
    user,
    session,
    status: "named",
    ttlMs: 0,
    openedMs: timeMs,
    activeMs: timeMs,
    eventSequence: 0,
    endedSequence: 0,
    turns: 0,
    firstTurn: 1,
    parent: undefined,
    history: [],
    marks: [],
    recentIds: [],
    contextVersion: 0,
    contextSequence: 0,
    open: [],
    performance: initialPerformance(),
    erasing: 0,
    isUnerased: false,
    upTo: 0,
  };
}

export function findSession(state: SessionsState, user: string, session: string): Session | undefined {
  const key = sessionKey(user, session);
  return state.live.get(key) ?? state.ended.get(key);
}

export function isLive({ status }: Pick<Session, "status">): boolean {
  return status === "named" || status === "open";
}

/** Requests that may still have a result, or have one that is no turn yet. */
export function openTurnsAt<Turn extends Pick<OpenTurn, "result" | "deadlineAtMs">>(
  { open }: { open: readonly Turn[] },
  timeMs: number,
): readonly Turn[] {
  const isStale = ({ result, deadlineAtMs }: Turn) => result === 0 && deadlineAtMs + STALE_MS < timeMs;
  return open.some(isStale) ? open.filter((turn) => !isStale(turn)) : open;
}

/** The earliest result that is no turn yet. */
export function resultWithoutTurn({ open }: Session): OpenTurn | undefined {
  let first: OpenTurn | undefined;
  for (const turn of open) {
    if (turn.result > 0 && (first === undefined || turn.result < first.result)) first = turn;
  }
  return first;
}
