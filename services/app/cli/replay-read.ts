// Reads a stretch of the log, and stops where it ends instead of reading on to the end of the log.

import type { EventMessage } from "./log-event.ts";
import type { OperatorLog } from "./operator-log.ts";
import { ProgressBar } from "./progress-bar.ts";
import type { Terminal } from "./terminal.ts";

export interface Stretch {
  /** Shown beside the bar. */
  what: string;
  fromSequence: number;
  toSequence: number;
  /**
   * One subject at most: for several the server looks through each block of the log for each message, which takes
   * twenty times as long as reading all of them.
   */
  filter?: string;
}

/** Resolves with the number of messages that were handed on. What `onMessage` throws ends it. */
export async function readStretch(
  terminal: Terminal,
  log: OperatorLog,
  { what, fromSequence, toSequence, filter }: Stretch,
  onMessage: (message: EventMessage) => void,
): Promise<number> {
  if (toSequence < fromSequence) return 0;
  const bar = new ProgressBar(terminal, what, toSequence - fromSequence + 1);
  const done = Promise.withResolvers<void>();
  let messages = 0;
  const follower = await log.follow({
    fromSequence,
    ...(filter !== undefined && { filters: [filter] }),
    onMessage: (message) => {
      if (message.sequence <= toSequence) {
        messages++;
        onMessage(message);
        bar.at(message.sequence - fromSequence + 1);
      }
      if (message.sequence >= toSequence) done.resolve();
    },
  });
  const failed = follower.ended.then((error) => {
    if (error !== undefined) throw error;
  });
  await Promise.race([follower.caughtUp, done.promise, failed]).finally(() => follower.stop());
  bar.end();
  return messages;
}
