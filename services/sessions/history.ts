// The history of a session for the turn that comes next, as `{inputs, outputs}`, oldest first: from what passed by where
// that is enough, else from the log, where the last turn tells in which places the others are. One or two reads.

import { sessionForkedSchema } from "../../schemas/messages/session-event.ts";
import { sessionEventSubject } from "../../schemas/subjects.ts";
import type { LogReader } from "../log/read.ts";
import type { SessionsConfig } from "./config.ts";
import { dataIn, readTurnEvent, turnEventIn } from "./contents.ts";
import { sessionKey } from "./state.ts";
import type { HistoryTurn, PastTurn, SessionsView } from "./turns.ts";

export type HistoryBounds = Pick<SessionsConfig, "historyTurns" | "historyBytes">;

export interface History {
  turns: HistoryTurn[];
  /** Request of the newest turn that succeeded, whether or not it is among `turns`; absent = there is none. */
  previousTurn?: string;
}

/**
 * The newest turns that succeeded, as many as the bounds allow; turns that the log has forgotten, or that are too large,
 * end it. To be asked when it is the request's turn: then all turns before it are in the log.
 * @throws DspexError `unavailable` when the log does not answer.
 */
export async function historyOf(
  view: Pick<SessionsView, "places" | "contents">,
  reader: LogReader,
  { user, session }: { user: string; session: string },
  { historyTurns, historyBytes }: HistoryBounds,
): Promise<History> {
  const places = view.places.get(sessionKey(user, session)) ?? (await placesIn(reader, user, session));
  // One at least: what a worker keeps of the session is good for the turn after the newest.
  const newest = places.slice(-Math.max(historyTurns, 1));
  const past = await Promise.all(
    newest.map((sequence) => view.contents.get(sequence)?.turn ?? turnAt(reader, sequence)),
  );
  const previousTurn = past.at(-1)?.id;
  const turns = historyTurns === 0 ? [] : past.map((one) => one?.turn);
  return { turns: fitting(turns, historyBytes), ...(previousTurn !== undefined && { previousTurn }) };
}

/** Where the history lies, as the log's last word on it says. */
async function placesIn(reader: LogReader, user: string, session: string): Promise<readonly number[]> {
  const [added, forked] = await Promise.all(
    ["turn-added", "forked"].map((verb) => reader.last(sessionEventSubject(user, session, verb))),
  );
  const turn = added === null || added === undefined ? undefined : turnEventIn(added);
  if (turn !== undefined)
    return turn.status === "succeeded" ? [...turn.history, added?.sequence ?? 0] : turn.history;
  const fork =
    forked === null || forked === undefined ? undefined : sessionForkedSchema.safeParse(dataIn(forked));
  return fork?.data?.history ?? [];
}

async function turnAt(reader: LogReader, sequence: number): Promise<PastTurn | undefined> {
  const turn = await readTurnEvent(reader, sequence);
  if (turn === undefined) return undefined;
  const { id, inputs, outputs } = turn;
  return { id, turn: inputs === undefined || outputs === undefined ? undefined : { inputs, outputs } };
}

/** From the newest back, without a gap: a history that leaves out what was said in between would mislead. */
function fitting(turns: readonly (HistoryTurn | undefined)[], mostBytes: number): HistoryTurn[] {
  const fit: HistoryTurn[] = [];
  let bytes = 0;
  for (const turn of turns.toReversed()) {
    if (turn === undefined) break;
    bytes += Buffer.byteLength(JSON.stringify(turn, bigintAsText));
    if (bytes > mostBytes) break;
    fit.unshift(turn);
  }
  return fit;
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
