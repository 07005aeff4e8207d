// state + event → state, for sessions. The maps change in place, the sessions in them are replaced.

import type { SessionErased, SessionForked, SessionTurnAdded } from "../../schemas/messages/session-event.ts";
import type { SessionEvent, SessionsEvent } from "./event.ts";
import { initialPerformance, withTurn } from "./performance.ts";
import {
  findSession,
  isLive,
  newSession,
  type OpenTurn,
  openTurnsAt,
  SESSIONS_BOUNDS,
  type Session,
  type SessionsState,
  sessionKey,
  TURNS_A_MARK,
} from "./state.ts";

const { openTurns, copies, history, recentIds, marks } = SESSIONS_BOUNDS;

/** Of the least recently used, which are looked at for one that may be forgotten. */
const FORGET_AMONG = 64;

export function evolve(state: SessionsState, event: SessionsEvent): SessionsState {
  state.sequence = event.sequence;
  state.timeMs = Math.max(state.timeMs, event.timeMs);
  const before = sessionOf(state, event);
  if (before !== undefined) put(state, before, after(before, event));
  return state;
}

function sessionOf(state: SessionsState, event: SessionsEvent): Session | undefined {
  if (event.kind !== "attempt-failed") {
    const { user, session, timeMs } = event;
    return findSession(state, user, session) ?? newSession(user, session, timeMs);
  }
  const key = state.keyOfTurn.get(event.id);
  return key === undefined ? undefined : (state.live.get(key) ?? state.ended.get(key));
}

function after(session: Session, event: SessionsEvent): Session {
  const open = openTurnsAt(session, event.timeMs);
  const now: Session = open === session.open ? session : { ...session, open };
  switch (event.kind) {
    case "request":
      return now.recentIds.includes(event.id)
        ? now
        : { ...now, ...active(event), open: withRequest(now.open, event) };
    case "work":
      return {
        ...now,
        open: changed(now.open, event.id, ({ work }) => ({ work: [...work, event.sequence] })),
      };
    case "attempt-failed": {
      const failed = ({ failures }: OpenTurn) => ({ failures: [...failures, event.sequence] });
      return { ...now, open: changed(now.open, event.id, failed) };
    }
    case "result":
      return now.recentIds.includes(event.id)
        ? now
        : { ...now, ...active(event), open: withResult(now.open, event) };
    default:
      return afterOwn({ ...now, eventSequence: event.sequence }, event);
  }
}

function afterOwn(session: Session, event: SessionEvent): Session {
  switch (event.kind) {
    case "opened": {
      const isNew = session.status === "erased" || session.turns === 0;
      return {
        ...session,
        ...active(event),
        status: "open",
        ttlMs: event.data.ttlMs,
        endedSequence: 0,
        openedMs: isNew ? event.timeMs : session.openedMs,
      };
    }
    case "context-set": {
      const { version } = event.data;
      // Told again it is no sign of life.
      const life = version > session.contextVersion ? active(event) : {};
      return touchErased({
        ...session,
        ...life,
        // Of a session whose beginning the log has forgotten the first event that is left says where it stands.
        status: session.status === "named" ? "open" : session.status,
        contextVersion: version,
        contextSequence: event.sequence,
      });
    }
    case "turn-added":
      return session.recentIds.includes(event.data.id)
        ? session
        : touchErased(withAdded(session, event.data, event));
    case "forked":
      return forkedFrom(session, event.data, event);
    case "closed":
      return touchErased(
        isLive(session) ? { ...session, status: "closed", endedSequence: event.sequence } : session,
      );
    case "expired":
      // What was asked before it in the log keeps the session: nobody's turn is lost to a clock.
      return isLive(session) && session.open.length === 0
        ? { ...session, status: "expired", endedSequence: event.sequence }
        : session;
    case "erased":
      return erased(session, event.data, event);
    case "other":
      return touchErased(session);
    default: {
      const unknown: never = event;
      void unknown;
      return session;
    }
  }
}

function active({ timeMs }: { timeMs: number }): Pick<Session, "activeMs"> {
  return { activeMs: timeMs };
}

/** What comes after a tombstone is to be erased as well. */
function touchErased(session: Session): Session {
  return session.status === "erased" && !session.isUnerased ? { ...session, isUnerased: true } : session;
}

function withRequest(
  open: readonly OpenTurn[],
  { id, sequence, deadlineAtMs }: { id: string; sequence: number; deadlineAtMs: number },
): readonly OpenTurn[] {
  // The first with an id is the request; the others are copies, which erasing must find as well.
  if (open.some((turn) => turn.id === id))
    return changed(open, id, ({ requests }) => ({ requests: withCopy(requests, sequence) }));
  if (open.length >= openTurns) return open;
  return [...open, { id, sequence, deadlineAtMs, requests: [sequence], work: [], failures: [], result: 0 }];
}

/** Who sends a request again and again makes no session grow; erasing finds all copies in the log. */
function withCopy(requests: readonly number[], sequence: number): readonly number[] {
  return requests.length < copies ? [...requests, sequence] : requests;
}

function withResult(
  open: readonly OpenTurn[],
  { id, sequence, request, timeMs }: { id: string; sequence: number; request: number; timeMs: number },
): readonly OpenTurn[] {
  if (open.some((turn) => turn.id === id))
    return changed(open, id, ({ result }) => ({ result: result === 0 ? sequence : result }));
  const requests = request === 0 ? [] : [request];
  return [
    ...open,
    { id, sequence: request, deadlineAtMs: timeMs, requests, work: [], failures: [], result: sequence },
  ];
}

function changed(
  open: readonly OpenTurn[],
  id: string,
  change: (turn: OpenTurn) => Partial<OpenTurn>,
): readonly OpenTurn[] {
  return open.some((turn) => turn.id === id)
    ? open.map((turn) => (turn.id === id ? { ...turn, ...change(turn) } : turn))
    : open;
}

function withAdded(session: Session, data: SessionTurnAdded, { sequence }: SessionEvent): Session {
  const { id, turn } = data;
  // The log may have forgotten the turns before it.
  const firstTurn = turn > session.turns + 1 ? turn : session.firstTurn;
  const isMarked = (turn - firstTurn) % TURNS_A_MARK === 0 && session.marks.length < marks;
  return {
    ...session,
    status: session.status === "named" ? "open" : session.status,
    turns: Math.max(turn, session.turns),
    firstTurn,
    open: session.open.filter((one) => one.id !== id),
    history:
      data.status === "succeeded" ? [...session.history.slice(1 - history), sequence] : session.history,
    marks: isMarked ? [...session.marks, sequence] : session.marks,
    recentIds: [...session.recentIds.slice(1 - recentIds), id],
    performance: withTurn(session.performance, data),
  };
}

function forkedFrom(session: Session, { ttlMs, from, ...data }: SessionForked, event: SessionEvent): Session {
  return {
    ...session,
    ...active(event),
    status: "open",
    ttlMs,
    turns: from.turn,
    firstTurn: from.turn + 1,
    parent: { session: from.session, turn: from.turn },
    history: data.history,
    marks: [],
    contextVersion: data.contextVersion,
    contextSequence: data.context === undefined ? 0 : event.sequence,
  };
}

/**
 * Nothing of what was erased is left in the state, so a fold of the log without it arrives at the same. Requests that
 * still run are no part of it yet: their turns come later, and a later tombstone names them.
 */
function erased(session: Session, data: SessionErased, event: SessionEvent): Session {
  if (data.status === "done")
    return { ...session, erasing: data.of === session.erasing ? 0 : session.erasing };
  const { user, session: name, open, eventSequence, recentIds: _ids } = session;
  return {
    ...newSession(user, name, event.timeMs),
    status: "erased",
    eventSequence,
    endedSequence: event.sequence,
    turns: data.turns,
    firstTurn: data.turns + 1,
    contextVersion: data.contextVersion,
    open: open.filter((turn) => !data.results.some(({ id }) => id === turn.id)),
    performance: initialPerformance(),
    erasing: event.sequence,
    isUnerased: data.more === true,
    ...(data.upTo !== undefined && { upTo: data.upTo, openedMs: session.openedMs }),
  };
}

function put(state: SessionsState, before: Session, session: Session): void {
  const key = sessionKey(session.user, session.session);
  const known = state.live.get(key) ?? state.ended.get(key);
  state.live.delete(key);
  state.ended.delete(key);
  const map = isLive(session) ? state.live : state.ended;
  map.set(key, session);
  index(state, key, known === undefined ? undefined : before, session);
  if (state.live.size > SESSIONS_BOUNDS.live) forgetOldest(state, state.live);
  if (state.ended.size > SESSIONS_BOUNDS.ended) forgetOldest(state, state.ended);
}

/** The oldest of which nothing is to be written or erased, if there is one among the first. */
function forgetOldest(state: SessionsState, map: Map<string, Session>): void {
  let looked = 0;
  let oldest: string | undefined;
  for (const [key, { open }] of map) {
    oldest ??= key;
    if (open.length === 0 && !state.toErase.has(key)) {
      oldest = key;
      break;
    }
    if (++looked >= FORGET_AMONG) break;
  }
  const session = oldest === undefined ? undefined : map.get(oldest);
  if (oldest === undefined || session === undefined) return;
  map.delete(oldest);
  index(state, oldest, session, undefined);
}

/** Keeps up what follows from the sessions. */
export function index(
  state: Pick<SessionsState, "contexts" | "keyOfTurn" | "namesOf" | "toErase">,
  key: string,
  before: Session | undefined,
  now: Session | undefined,
): void {
  const contextBefore = contextHeld(before);
  const contextNow = contextHeld(now);
  if (contextBefore !== contextNow) {
    state.contexts.delete(contextBefore);
    if (contextNow > 0) state.contexts.set(contextNow, key);
  }
  if (before?.open !== now?.open) {
    for (const { id } of before?.open ?? []) state.keyOfTurn.delete(id);
    for (const { id } of now?.open ?? []) state.keyOfTurn.set(id, key);
  }
  if (now !== undefined && (now.erasing > 0 || now.isUnerased)) state.toErase.add(key);
  else state.toErase.delete(key);
  if (before === undefined && now !== undefined) {
    const names = state.namesOf.get(now.user) ?? new Set();
    state.namesOf.set(now.user, names.add(now.session));
  } else if (now === undefined && before !== undefined) {
    const names = state.namesOf.get(before.user);
    names?.delete(before.session);
    if (names?.size === 0) state.namesOf.delete(before.user);
  }
}

function contextHeld(session: Session | undefined): number {
  return session !== undefined && isLive(session) ? session.contextSequence : 0;
}
