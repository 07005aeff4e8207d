// state + command → events, for sessions. Pure; nothing to append = the command changes nothing.

import { DspexError } from "../../schemas/errors.ts";
import type { Result } from "../../schemas/messages/result.ts";
import type {
  SessionClosed,
  SessionContextSet,
  SessionErased,
  SessionExpired,
  SessionForked,
  SessionOpened,
  SessionTurnAdded,
} from "../../schemas/messages/session-event.ts";
import type { SessionsSettings } from "./config.ts";
import { isLive, openTurnsAt, SESSIONS_BOUNDS, type Session } from "./state.ts";

/** An event to be appended, on the condition that the session's last event still is the one that was folded. */
export type SessionAppend =
  | { verb: "opened"; data: SessionOpened }
  | { verb: "context-set"; data: SessionContextSet }
  | { verb: "turn-added"; data: SessionTurnAdded }
  | { verb: "forked"; data: SessionForked }
  | { verb: "closed"; data: SessionClosed }
  | { verb: "expired"; data: SessionExpired }
  | { verb: "erased"; data: SessionErased };

export interface Name {
  user: string;
  session: string;
}

/** A session that its user may still use. @throws DspexError `not_found`, `gone` */
export function usable(session: Session | undefined, name: string): Session {
  const found = known(session, name);
  if (!isLive(found)) throw gone(found);
  return found;
}

/** One that may have ended. @throws DspexError `not_found` */
export function known(session: Session | undefined, name: string): Session {
  if (session !== undefined) return session;
  throw new DspexError("not_found", `no session ${JSON.stringify(name.slice(0, 80))}`);
}

function gone({ session, status }: Session): DspexError {
  return new DspexError("gone", `session ${JSON.stringify(session)} is ${status}`);
}

/**
 * Opens a session, opens one that ended again where that is configured, or gives an open one another idle time.
 * @throws DspexError `gone` for one that ended.
 */
export function decideOpen(
  session: Session | undefined,
  {
    user,
    session: name,
    ttlMs,
    request,
  }: Name & { ttlMs?: number | undefined; request?: number | undefined },
  settings: SessionsSettings,
): SessionAppend | undefined {
  const now = ttlOf(session, settings);
  if (session?.status === "open" && (ttlMs === undefined || ttlMs === now)) return undefined;
  if (session !== undefined && !isLive(session) && !settings.reopen) throw gone(session);
  const data: SessionOpened = {
    user,
    session: name,
    ttlMs: ttlMs ?? now,
    ...(request !== undefined && request > 0 && { request }),
  };
  return { verb: "opened", data };
}

/** A request named the session and nobody has opened it, or it may open it again. */
export function isToBeOpened(session: Session, { reopen }: SessionsSettings): boolean {
  if (session.status === "named") return true;
  if (session.status === "open" || !reopen) return false;
  return session.open.some(({ sequence }) => sequence > session.endedSequence);
}

/** @throws DspexError `not_found`, `gone`; `conflict` where another version is in force than the one expected. */
export function decideContext(
  session: Session | undefined,
  {
    user,
    session: name,
    context,
    expectedVersion,
  }: Name & Pick<SessionContextSet, "context"> & { expectedVersion?: number | undefined },
): SessionAppend {
  const { contextVersion } = usable(session, name);
  if (expectedVersion !== undefined && expectedVersion !== contextVersion) {
    throw new DspexError(
      "conflict",
      `the context of session ${JSON.stringify(name)} has version ${contextVersion}, not ${expectedVersion}`,
      { details: { version: contextVersion } },
    );
  }
  return { verb: "context-set", data: { user, session: name, version: contextVersion + 1, context } };
}

/** Tells a context again, as long as it is in force. */
export function decideRetell(
  session: Session | undefined,
  sequence: number,
  context: SessionContextSet["context"],
): SessionAppend | undefined {
  if (session === undefined || session.contextSequence !== sequence) return undefined;
  const { user, session: name, contextVersion } = session;
  return { verb: "context-set", data: { user, session: name, version: contextVersion, context } };
}

/** What one turn holds besides what the fold knows. */
export interface TurnContents {
  /** Undefined = the log has forgotten it. */
  result: Result | undefined;
  /** Left out where they are too large, or have to be forgotten. */
  values: { inputs: Record<string, unknown>; outputs: Record<string, unknown> } | undefined;
}

/** The turn of a result; undefined when it is in the log already. */
export function decideTurn(
  session: Session | undefined,
  id: string,
  { result, values }: TurnContents,
): SessionAppend | undefined {
  const open = session?.open.find((turn) => turn.id === id);
  if (session === undefined || open === undefined || open.result === 0) return undefined;
  const last = result?.attempts.at(-1);
  const isSuccess = result?.status === "succeeded";
  const data: SessionTurnAdded = {
    user: session.user,
    session: session.session,
    turn: session.turns + 1,
    id,
    status: result?.status ?? "failed",
    program: result?.program ?? "",
    ...(result?.version !== undefined && { version: result.version }),
    ...(result?.implementation !== undefined && { implementation: result.implementation }),
    ...(last?.pool !== undefined && last.worker !== undefined && { worker: `${last.pool}/${last.worker}` }),
    ...(last?.slot !== undefined && { slot: last.slot }),
    ...(isSuccess && values !== undefined && session.status !== "erased" && values),
    ...(!isSuccess && { errorCode: result?.error?.code ?? "gone" }),
    usage: result?.usage ?? { inputTokens: 0, outputTokens: 0 },
    totalMs: result?.timings.totalMs ?? 0,
    contextVersion: session.contextVersion,
    history: [...session.history],
    log: {
      requests: union(open.requests, result?.log.request === undefined ? [] : [result.log.request]),
      work: union(open.work, result?.log.work ?? []),
      failures: union(open.failures, result?.log.failures ?? []),
      result: open.result,
    },
  };
  return { verb: "turn-added", data };
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}

/** What a fork shares with its origin, as it was found in the log. */
export interface ForkPoint {
  from: SessionForked["from"];
  history: number[];
  context: SessionForked["context"];
  contextVersion: number;
}

/** @throws DspexError `conflict` when there is a session of that name. */
export function decideFork(
  session: Session | undefined,
  { user, session: name, ttlMs }: Name & { ttlMs: number },
  { from, history, context, contextVersion }: ForkPoint,
): SessionAppend {
  if (session !== undefined)
    throw new DspexError("conflict", `session ${JSON.stringify(name)} is there already`, { path: "as" });
  const shared = history.slice(-SESSIONS_BOUNDS.history);
  const data: SessionForked = {
    user,
    session: name,
    ttlMs,
    from,
    history: shared,
    ...(context !== undefined && { context }),
    contextVersion,
  };
  return { verb: "forked", data };
}

/** @throws DspexError `not_found` */
export function decideClose(
  session: Session | undefined,
  { user, session: name, reason }: Name & { reason?: string | undefined },
): SessionAppend | undefined {
  if (!isLive(known(session, name))) return undefined;
  return { verb: "closed", data: { user, session: name, ...(reason !== undefined && { reason }) } };
}

/** What a timer comes to: it is time, it will be later, or it does not count any more. */
export type Expiry = { append: SessionAppend } | { againAtMs: number } | undefined;

export function decideExpiry(
  session: Session | undefined,
  nowMs: number,
  settings: SessionsSettings,
): Expiry {
  if (session === undefined || !isLive(session)) return undefined;
  const { user, session: name, activeMs } = session;
  const ttlMs = ttlOf(session, settings);
  if (openTurnsAt(session, nowMs).length > 0) return { againAtMs: nowMs + ttlMs };
  const idleMs = nowMs - activeMs;
  if (idleMs < ttlMs) return { againAtMs: activeMs + ttlMs };
  return { append: { verb: "expired", data: { user, session: name, idleMs, why: "idle" } } };
}

/** How many of the least recently used are looked at for one that can go. */
const LOOKED_AT = 64;

/** The session that has to go because there are too many; undefined when there are not, or none can. */
export function decideBound(
  live: ReadonlyMap<string, Session>,
  nowMs: number,
  { maxOpen }: SessionsSettings,
): (SessionAppend & { verb: "expired" }) | undefined {
  if (live.size <= maxOpen) return undefined;
  let looked = 0;
  for (const { status, open, user, session, activeMs } of live.values()) {
    if (status === "open" && open.length === 0) {
      const idleMs = Math.max(0, nowMs - activeMs);
      return { verb: "expired", data: { user, session, idleMs, why: "bound" } };
    }
    if (++looked >= LOOKED_AT) return undefined;
  }
  return undefined;
}

/**
 * An `expired` came too late for a request that was before it in the log, and counts for nothing: says so to all, whatever
 * else they know of that request.
 */
export function decideKept(
  session: Session | undefined,
  settings: SessionsSettings,
): SessionAppend | undefined {
  if (session?.status !== "open") return undefined;
  const { user, session: name } = session;
  return { verb: "opened", data: { user, session: name, ttlMs: ttlOf(session, settings) } };
}

export function ttlOf(session: Session | undefined, settings: SessionsSettings): number {
  return session === undefined || session.ttlMs === 0 ? settings.ttlMs : session.ttlMs;
}
