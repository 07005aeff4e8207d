// What users had erased from the log, as its tombstones say: a fold of what is left knows nothing of it, so the state of
// a service that had seen it may differ, and whoever compares has to be told.

import { sessionErasedSchema } from "../../../schemas/messages/session-event.ts";
import { SESSIONS_ERASED_FILTER } from "../../../schemas/subjects.ts";
import type { EventMessage } from "./log-event.ts";
import type { OperatorLog } from "./operator-log.ts";

export interface Erased {
  messages: number;
  sessions: number;
  /** The lowest sequence that is gone. */
  first: number;
  /** Sequence of the last tombstone. */
  last: number;
}

/** Undefined where nothing was. */
export async function readErased(log: OperatorLog): Promise<Erased | undefined> {
  const sessions = new Set<string>();
  const erased = { messages: 0, first: Number.POSITIVE_INFINITY, last: 0 };
  await log.read({
    fromSequence: 1,
    filters: [SESSIONS_ERASED_FILTER],
    onMessage: (message) => {
      const tombstone = tombstoneIn(message);
      if (tombstone?.status !== "begun") return;
      erased.messages += tombstone.log.length;
      for (const sequence of tombstone.log) erased.first = Math.min(erased.first, sequence);
      erased.last = message.sequence;
      sessions.add(`${tombstone.user}.${tombstone.session}`);
    },
  });
  return sessions.size === 0 ? undefined : { ...erased, sessions: sessions.size };
}

function tombstoneIn(message: EventMessage) {
  try {
    return sessionErasedSchema.safeParse((message.json() as { data?: unknown } | null)?.data).data;
  } catch {
    return undefined;
  }
}

export function erasedText({ messages, sessions }: Erased): string {
  return `${messages} messages of ${sessions} session${sessions === 1 ? "" : "s"} were erased at their users' request`;
}
