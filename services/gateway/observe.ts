// A user's events from a sequence on, history and then live, merged from the subjects that are this user's. Read by
// direct get from a position, so there is no gap and nothing twice; a live result only wakes the reading.

import { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";
import { ANY_SUBJECT, liveResultsOfUser, USER_EVENTS } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { ApiRequest, PieceWriter } from "../bus/micro-service.ts";
import type { LogReader, StoredMessage } from "../log/read.ts";
import { shown } from "./story.ts";

type Kind = keyof typeof USER_EVENTS;
const KINDS = Object.keys(USER_EVENTS) as [Kind, ...Kind[]];

const observeSchema = z.strictObject({
  kinds: z.array(z.enum(KINDS)).min(1).optional(),
  from: z.number().int().positive().optional(),
});

const MAX_PIECES = 256;
const ANSWER_MS = 60_000;
const KEEP_ALIVE_MS = 15_000;
/** Kinds without a live copy are looked for this often. */
const POLL_MS = 500;

/** Where the reading of one kind stands. */
interface Source {
  subject: string;
  /** Its next message; undefined = none is known. */
  head: StoredMessage | undefined;
  /** There is none before this sequence: what was looked through is never looked through again. */
  from: number;
}

export async function writeObserved(
  request: ApiRequest,
  writer: PieceWriter,
  connection: NatsConnection,
  reader: LogReader,
): Promise<void> {
  const parsed = observeSchema.safeParse(request.json());
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join(".");
    throw new DspexError("invalid_inputs", `observe: ${parsed.error.issues[0]?.message}`, { path });
  }
  const kinds = parsed.data.kinds ?? KINDS;
  const from = parsed.data.from ?? (await endOfLog(reader)) + 1;
  const sources: Source[] = kinds.map((kind) => ({
    subject: USER_EVENTS[kind](request.user),
    head: undefined,
    from,
  }));
  const until = Date.now() + ANSWER_MS;
  let nextKeepAlive = Date.now() + KEEP_ALIVE_MS;
  let pieces = 0;
  const wake = wakeOnResults(connection, request.user, writer.stopping);
  // Tells a reader that asked "from now on" where now was.
  writer.piece({ position: from - 1 }, pieces);
  try {
    while (pieces < MAX_PIECES && Date.now() < until && !writer.stopping.aborted) {
      const next = await takeFirst(sources, reader);
      if (next !== undefined) {
        writer.piece(shown(next), ++pieces);
        continue;
      }
      if (Date.now() >= nextKeepAlive) {
        writer.keepAlive();
        nextKeepAlive = Date.now() + KEEP_ALIVE_MS;
      }
      await wake.orAfter(POLL_MS);
    }
  } finally {
    wake.stop();
  }
  writer.end("more");
}

async function endOfLog(reader: LogReader): Promise<number> {
  return (await reader.last(ANY_SUBJECT))?.sequence ?? 0;
}

/** The earliest message of all sources that was not taken yet. */
async function takeFirst(sources: readonly Source[], reader: LogReader): Promise<StoredMessage | undefined> {
  for (;;) {
    const first = firstOf(sources);
    // Whoever may have an earlier one is asked before it is taken.
    const unknown = sources.filter(
      ({ head, from }) => head === undefined && (first === undefined || from < first.from),
    );
    const end = unknown.length === 0 ? 0 : await endOfLog(reader);
    const behind = unknown.filter(({ from }) => from <= end);
    if (behind.length === 0) {
      if (first?.head === undefined) return undefined;
      const { head } = first;
      first.head = undefined;
      first.from = head.sequence + 1;
      return head;
    }
    await Promise.all(
      behind.map(async (source) => {
        source.head = (await reader.next(source.subject, source.from)) ?? undefined;
        source.from = source.head?.sequence ?? end + 1;
      }),
    );
  }
}

function firstOf(sources: readonly Source[]): Source | undefined {
  let first: Source | undefined;
  for (const source of sources) {
    if (source.head !== undefined && (first === undefined || source.from < first.from)) first = source;
  }
  return first;
}

function wakeOnResults(connection: NatsConnection, user: string, stopping: AbortSignal) {
  let wake = Promise.withResolvers<void>();
  const now = () => wake.resolve();
  const subscription = connection.subscribe(liveResultsOfUser(user), { callback: now });
  stopping.addEventListener("abort", now);
  return {
    async orAfter(ms: number): Promise<void> {
      const timer = setTimeout(now, ms);
      await wake.promise;
      clearTimeout(timer);
      wake = Promise.withResolvers();
    },
    stop() {
      subscription.unsubscribe();
      stopping.removeEventListener("abort", now);
    },
  };
}
