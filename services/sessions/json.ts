// The state as JSON and back: whole, or as pieces of one text that are made one after the other. What a session has not
// got is left out: most have no context, no parent and nothing open.

import { stringifyChecked } from "../../schemas/envelope/json.ts";
import { index } from "./evolve.ts";
import { initialPerformance } from "./performance.ts";
import { initialState, newSession, type Session, type SessionsState, sessionKey } from "./state.ts";

/** What was known at one moment; sessions are never changed in place, so it stays what it is. */
export interface FrozenState {
  sequence: number;
  timeMs: number;
  live: readonly Session[];
  ended: readonly Session[];
}

/** Takes about a millisecond for 100,000 sessions. */
export function freeze({ sequence, timeMs, live, ended }: SessionsState): FrozenState {
  return { sequence, timeMs, live: [...live.values()], ended: [...ended.values()] };
}

export function stateToJson(state: SessionsState): unknown {
  const { sequence, timeMs, live, ended } = freeze(state);
  return { sequence, timeMs, live: live.map(sessionToJson), ended: ended.map(sessionToJson) };
}

const SESSIONS_A_PIECE = 256;

/** The text of `stateToJson`, some hundred sessions at a time. */
export function* textPieces({ sequence, timeMs, live, ended }: FrozenState): Generator<string> {
  yield `{"sequence":${sequence},"timeMs":${timeMs},"live":[`;
  yield* listPieces(live);
  yield '],"ended":[';
  yield* listPieces(ended);
  yield "]}";
}

function* listPieces(sessions: readonly Session[]): Generator<string> {
  for (let at = 0; at < sessions.length; at += SESSIONS_A_PIECE) {
    const some = sessions.slice(at, at + SESSIONS_A_PIECE).map((one) => stringifyChecked(sessionToJson(one)));
    yield `${at === 0 ? "" : ","}${some.join(",")}`;
  }
}

interface StateJson {
  sequence: number;
  timeMs: number;
  live: SessionJson[];
  ended: SessionJson[];
}

type SessionJson = Pick<Session, "user" | "session" | "openedMs"> & Partial<Session>;

/** Reads back what `stateToJson` wrote; the snapshot's hash has been checked before. */
export function stateFromJson(json: unknown): SessionsState {
  const { sequence, timeMs, live, ended } = json as StateJson;
  const state = { ...initialState(), sequence, timeMs };
  for (const [map, sessions] of [
    [state.live, live],
    [state.ended, ended],
  ] as const) {
    for (const one of sessions) {
      const session: Session = { ...newSession(one.user, one.session, one.openedMs), ...one };
      const key = sessionKey(session.user, session.session);
      map.set(key, session);
      index(state, key, undefined, session);
    }
  }
  state.contexts = new Map([...state.contexts].sort(([a], [b]) => a - b));
  return state;
}

function sessionToJson(session: Session): SessionJson {
  const { user, session: name, openedMs } = session;
  const usual = newSession(user, name, openedMs);
  const json: Record<string, unknown> = { user, session: name, openedMs };
  for (const key of Object.keys(usual) as (keyof Session)[]) {
    if (!isUsual(session[key], usual[key])) json[key] = session[key];
  }
  return json as SessionJson;
}

function isUsual(value: unknown, usual: unknown): boolean {
  return value === usual || (Array.isArray(value) && value.length === 0) || value === initialPerformance();
}
