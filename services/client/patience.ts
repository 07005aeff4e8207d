// Asks again where nobody answers just now: a service that starts anew, a connection that is away. What is asked must be
// the same when it is asked twice.

import { setTimeout as pause } from "node:timers/promises";
import { asDspexError } from "../../schemas/errors.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export interface Patience {
  /** Absent = somebody will answer some day. */
  giveUpMs?: number;
  /** The connection was closed: nobody will answer any more. */
  isClosed(): boolean;
}

/** @throws DspexError `unavailable` when nobody has answered for `giveUpMs`, and every other error at once. */
export async function patiently<T>(
  ask: () => Promise<T>,
  { giveUpMs = Number.POSITIVE_INFINITY, isClosed }: Patience,
): Promise<T> {
  const since = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await ask();
    } catch (error) {
      const isLate = performance.now() - since + pauseMs > giveUpMs;
      if (asDspexError(error).code !== "unavailable" || isLate || isClosed()) throw error;
      await pause(pauseMs);
    }
  }
}
