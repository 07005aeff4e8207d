// What users had erased from the log, as its tombstones say: a fold of what is left knows nothing of it, so the state of
// a service that had seen it may differ, and whoever compares has to be told.

import { sessionErasedSchema } from "../../../schemas/messages/session-event.ts";
import { SESSIONS_ERASED_FILTER } from "../../../schemas/subjects.ts";
import type { EventMessage } from "./log-event.ts";
import type { OperatorLog } from "./operator-log.ts";

export interface Erased {
  messages: number;
  sessions: number;
  /** Users of whom everything was. */
  users: number;
  /** The lowest sequence that is gone. */
  first: number;
  /** Sequence of the last tombstone. */
  last: number;
  /** All that are gone, in order. */
  sequences: readonly number[];
}

/** Undefined where nothing was. */
export async function readErased(log: OperatorLog): Promise<Erased | undefined> {
  const sessions = new Set<string>();
  const users = new Set<string>();
  const gone = new Set<number>();
  let last = 0;
  await log.read({
    fromSequence: 1,
    filters: [SESSIONS_ERASED_FILTER],
    onMessage: (message) => {
      const tombstone = tombstoneIn(message);
      if (tombstone?.status !== "begun") return;
      for (const sequence of tombstone.log) gone.add(sequence);
      last = message.sequence;
      if (tombstone.upTo === undefined) sessions.add(`${tombstone.user}.${tombstone.session}`);
      else users.add(tombstone.user);
    },
  });
  if (sessions.size + users.size === 0) return undefined;
  const sequences = [...gone].sort((a, b) => a - b);
  const [first = Number.POSITIVE_INFINITY] = sequences;
  return {
    messages: sequences.length,
    sessions: sessions.size,
    users: users.size,
    first,
    last,
    sequences,
  };
}

function tombstoneIn(message: EventMessage) {
  try {
    return sessionErasedSchema.safeParse((message.json() as { data?: unknown } | null)?.data).data;
  } catch {
    return undefined;
  }
}

export function erasedText({ messages, sessions, users }: Omit<Erased, "sequences">): string {
  const of = [
    ...(sessions > 0 ? [counted(sessions, "session")] : []),
    ...(users > 0 ? [`all that ${counted(users, "user")} had`] : []),
  ];
  return `${messages} messages of ${of.join(" and of ")} were erased at their users' request`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
