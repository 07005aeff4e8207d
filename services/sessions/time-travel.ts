// A session as it was after any of its turns, read from the log: where a turn lies, which context was in force, and
// which turns were its history. What a fork shares is read where its origin has it.

import { DspexError } from "../../schemas/errors.ts";
import type { SessionTurnAdded } from "../../schemas/messages/session-event.ts";
import { sessionEventSubject } from "../../schemas/subjects.ts";
import type { LogReader } from "../log/read.ts";
import { turnEventIn } from "./contents.ts";
import type { ForkPoint } from "./decide.ts";
import { contextIn } from "./retell.ts";
import { SESSIONS_BOUNDS, type Session, TURNS_A_MARK } from "./state.ts";

/** Forks of forks that are followed back to where a turn is. */
const MOST_FORKS = 64;

export interface FoundTurn {
  sequence: number;
  time: string;
  data: SessionTurnAdded;
}

export type FindSession = (session: string) => Session | undefined;

/** Up to `limit` turns from number `from` on, in order; fewer where the log has forgotten some. */
export async function readTurns(
  reader: LogReader,
  session: Session,
  { from, limit }: { from: number; limit: number },
  find: FindSession,
): Promise<FoundTurn[]> {
  const found: FoundTurn[] = [];
  for (const part of partsOf(session, find)) {
    if (found.length >= limit || part.last < from) continue;
    const start = Math.max(from, part.first);
    found.push(...(await ownTurns(reader, part, start, limit - found.length)));
  }
  return found;
}

/**
 * What a fork at a turn shares with the session.
 * @throws DspexError `invalid_inputs` for a turn that it has not had, `gone` for one that the log has forgotten.
 */
export async function forkPoint(
  reader: LogReader,
  session: Session,
  turn: number,
  find: FindSession,
): Promise<ForkPoint> {
  if (turn > session.turns) {
    throw new DspexError(
      "invalid_inputs",
      `session ${JSON.stringify(session.session)} has ${session.turns} turns, not ${turn}`,
      { path: "at" },
    );
  }
  if (turn === 0)
    return {
      from: { session: session.session, turn, sequence: 0 },
      history: [],
      context: undefined,
      contextVersion: 0,
    };
  const [at] = await readTurns(reader, session, { from: turn, limit: 1 }, find);
  if (at?.data.turn !== turn)
    throw new DspexError(
      "gone",
      `turn ${turn} of session ${JSON.stringify(session.session)} is not in the log any more`,
    );
  const { context, version } = await contextAt(reader, session, at);
  const own = at.data.status === "succeeded" ? [at.sequence] : [];
  return {
    from: { session: session.session, turn, sequence: at.sequence },
    history: [...at.data.history, ...own].slice(-SESSIONS_BOUNDS.history),
    context,
    contextVersion: version,
  };
}

/** The context that was in force when a turn was added; it may be that of the session which the turn was shared by. */
async function contextAt(
  reader: LogReader,
  { user, session }: Session,
  { sequence, data }: FoundTurn,
): Promise<{ context: Record<string, unknown> | undefined; version: number }> {
  if (data.contextVersion === 0) return { context: undefined, version: 0 };
  for (const name of new Set([session, data.session])) {
    for (const verb of ["context-set", "forked"]) {
      const stored = await reader.lastUpTo(sessionEventSubject(user, name, verb), sequence);
      const told = stored === null ? undefined : contextIn(stored);
      if (told?.version === data.contextVersion && told.context !== undefined)
        return { context: told.context, version: told.version };
    }
  }
  throw new DspexError(
    "gone",
    `the context of session ${JSON.stringify(session)} at turn ${data.turn} is not in the log any more`,
  );
}

interface Part {
  session: Session;
  /** Turns that this session itself had, of those that are wanted. */
  first: number;
  last: number;
}

/** The sessions whose own turns make up this one's, the oldest first. */
function partsOf(session: Session, find: FindSession): Part[] {
  const parts: Part[] = [];
  let last = session.turns;
  let now: Session | undefined = session;
  for (let n = 0; now !== undefined && n < MOST_FORKS; n++) {
    const parent: Session["parent"] = now.parent;
    parts.unshift({ session: now, first: now.firstTurn, last });
    last = parent?.turn ?? 0;
    now = parent === undefined ? undefined : find(parent.session);
  }
  return parts;
}

async function ownTurns(
  reader: LogReader,
  { session, last }: Part,
  from: number,
  limit: number,
): Promise<FoundTurn[]> {
  const { user, session: name, marks, firstTurn } = session;
  const subject = sessionEventSubject(user, name, "turn-added");
  const nth = Math.floor((from - firstTurn) / TURNS_A_MARK);
  let position = marks[Math.min(nth, marks.length - 1)] ?? 1;
  const found: FoundTurn[] = [];
  for (;;) {
    const page = await reader.some(subject, position, TURNS_A_MARK);
    for (const stored of page) {
      const data = turnEventIn(stored);
      if (data === undefined || data.turn < from) continue;
      if (data.turn > last || found.length >= limit) return found;
      found.push({ sequence: stored.sequence, time: new Date(stored.timeMs).toISOString(), data });
    }
    const end = page.at(-1);
    if (end === undefined || page.length < TURNS_A_MARK || found.length >= limit) return found;
    position = end.sequence + 1;
  }
}
