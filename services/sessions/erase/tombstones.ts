// What was gathered, as the tombstones that name it: several where one message could not hold it.

import type { SessionErased } from "../../../schemas/messages/session-event.ts";
import type { Session } from "../state.ts";
import type { Gathered } from "./gather.ts";

/** Numbers in one tombstone: some 400 KiB. */
const MOST = 20_000;

export type Begun = SessionErased & { status: "begun" };

/** The next tombstone, with as much as one holds. `isRunning`: what is not over yet will need another one. */
export function tombstone(
  session: Pick<Session, "user" | "session" | "turns" | "contextVersion" | "upTo">,
  { log, values, results }: Gathered,
  by: string,
  isRunning = false,
): Begun {
  const sequences = [...log].sort((a, b) => a - b);
  const some = sequences.slice(0, MOST);
  const others = [...values].sort((a, b) => a - b).slice(0, MOST);
  const isAll = some.length === sequences.length && others.length === values.size;
  const named = new Set(some);
  return {
    user: session.user,
    session: session.session,
    status: "begun",
    by,
    turns: session.turns,
    contextVersion: session.contextVersion,
    log: some,
    values: others,
    results: [...results]
      .filter(([sequence]) => named.has(sequence))
      .map(([sequence, id]) => ({ id, sequence })),
    ...(!(isAll && !isRunning) && { more: true }),
    ...(session.upTo > 0 && { upTo: session.upTo }),
  };
}

/** What a tombstone left for the next one. */
export function without({ log, values, results }: Gathered, done: Begun): Gathered {
  const named = new Set(done.log);
  const namedValues = new Set(done.values);
  return {
    log: new Set([...log].filter((sequence) => !named.has(sequence))),
    values: new Set([...values].filter((sequence) => !namedValues.has(sequence))),
    results: new Map([...results].filter(([sequence]) => !named.has(sequence))),
  };
}
