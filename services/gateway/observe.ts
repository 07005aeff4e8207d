// A user's events from a sequence on, history and then live: history by direct get from a position, what comes then from the
// one follower of this gateway. The position alone says what was seen, so there is no gap and nothing twice.

import { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";
import { ANY_SUBJECT, USER_EVENTS } from "../../schemas/subjects.ts";
import type { ApiRequest, PieceWriter } from "../bus/micro-service.ts";
import type { LogReader } from "../log/read.ts";
import type { LiveEvents } from "./live-events.ts";
import type { LiveListener, LiveMessage } from "./live-listener.ts";
import { ObservedHistory } from "./observed-history.ts";
import { KINDS } from "./observed-kinds.ts";
import { shown } from "./story.ts";

const observeSchema = z.strictObject({
  kinds: z.array(z.enum(KINDS)).min(1).optional(),
  from: z.number().int().positive().optional(),
});

const MAX_PIECES = 256;
const ANSWER_MS = 60_000;
const KEEP_ALIVE_MS = 15_000;
/** While the follower does not run (no keeper answers), the log is looked at this often. */
const LOOK_MS = 1_000;

export interface Observed {
  reader: LogReader;
  live: LiveEvents;
}

export async function writeObserved(
  request: ApiRequest,
  writer: PieceWriter,
  { reader, live }: Observed,
): Promise<void> {
  const parsed = observeSchema.safeParse(request.json());
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join(".");
    throw new DspexError("invalid_inputs", `observe: ${parsed.error.issues[0]?.message}`, { path });
  }
  const kinds = new Set(parsed.data.kinds ?? KINDS);
  const from = parsed.data.from ?? (await endOfLog(reader)) + 1;
  const subjects = [...kinds].map((kind) => USER_EVENTS[kind](request.user));
  const history = new ObservedHistory(reader, subjects, from);
  const until = performance.now() + ANSWER_MS;
  let nextKeepAlive = performance.now() + KEEP_ALIVE_MS;
  let pieces = 0;
  const listener = live.join(subjects);
  const stop = () => listener.wake();
  writer.stopping.addEventListener("abort", stop);
  // Tells a reader that asked "from now on" where now was.
  writer.piece({ position: from - 1 }, pieces);
  try {
    if (listener.historyTo === undefined) await listener.news(LOOK_MS);
    while (pieces < MAX_PIECES && performance.now() < until && !writer.stopping.aborted) {
      const next = await nextOf(history, listener, reader);
      if (next !== undefined) {
        writer.piece(shown(next), ++pieces);
        continue;
      }
      if (performance.now() >= nextKeepAlive) {
        writer.keepAlive();
        nextKeepAlive = performance.now() + KEEP_ALIVE_MS;
      }
      const lookAt = listener.historyTo === undefined ? performance.now() + LOOK_MS : until;
      await listener.news(Math.max(1, Math.min(lookAt, nextKeepAlive, until) - performance.now()));
    }
  } finally {
    writer.stopping.removeEventListener("abort", stop);
    live.leave(listener);
  }
  // What was looked through for nothing need not be looked through again.
  if (pieces === 0) writer.piece({ position: history.position }, ++pieces);
  writer.end("more");
}

/** Everything that is to be read in the log first, then what has arrived. */
async function nextOf(
  history: ObservedHistory,
  listener: LiveListener,
  reader: LogReader,
): Promise<LiveMessage | undefined> {
  const end = listener.historyTo ?? (await endOfLog(reader));
  if (history.position < end) {
    const stored = await history.next(end);
    if (stored !== undefined) return stored;
  }
  const next = listener.next(history.position);
  if (next !== undefined) history.moveTo(next.sequence);
  return next;
}

async function endOfLog(reader: LogReader): Promise<number> {
  return (await reader.last(ANY_SUBJECT))?.sequence ?? 0;
}
