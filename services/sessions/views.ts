// Sessions as the API tells them. Pure.

import type { SessionInfo } from "../client/session-answers.ts";
import type { SessionsSettings } from "./config.ts";
import { ttlOf } from "./decide.ts";
import { reportOf } from "./performance.ts";
import { openTurnsAt, type Session } from "./state.ts";

export function viewOf(session: Session, nowMs: number, settings: SessionsSettings): SessionInfo {
  const { status, parent, openedMs, activeMs, turns, contextVersion, performance, erasing } = session;
  return {
    session: session.session,
    status: status === "named" ? "open" : status,
    openedAt: new Date(openedMs).toISOString(),
    activeAt: new Date(activeMs).toISOString(),
    ttlMs: ttlOf(session, settings),
    turns,
    openTurns: openTurnsAt(session, nowMs).length,
    contextVersion,
    ...(parent !== undefined && { forkedFrom: parent }),
    performance: reportOf(performance),
    ...(erasing > 0 && { erasing: true }),
  };
}

/** The `limit` first names after `after`, in order; looks at each name once. */
export function firstNames(
  names: Iterable<string>,
  after: string | undefined,
  limit: number,
  isWanted: (name: string) => boolean,
): string[] {
  const first: string[] = [];
  for (const name of names) {
    if (after !== undefined && name <= after) continue;
    if (first.length >= limit && name >= (first.at(-1) ?? "")) continue;
    if (!isWanted(name)) continue;
    let at = first.length;
    while (at > 0 && (first[at - 1] ?? "") > name) at--;
    first.splice(at, 0, name);
    if (first.length > limit) first.pop();
  }
  return first;
}
