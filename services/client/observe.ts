// Events of the log that belong to this user, as async iterators: one request's story, or everything from a sequence,
// history first and then live. The reader asks for the next pieces when it has taken the last: that is the
// back-pressure.

import { setTimeout as pause } from "node:timers/promises";
import { isDspexError } from "../../schemas/errors.ts";
import type { Api } from "./api.ts";

export interface StoryEvent {
  sequence: number;
  /** Log timestamp, RFC 3339. */
  time: string;
  subject: string;
  type: string;
  data: unknown;
}

export interface ObserveOptions {
  /** `request`, `work`, `result`, `attempt`, `program`, …; absent = all that a user may see. */
  kinds?: string[];
  /** First sequence; absent = from now on. */
  from?: number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export async function* story(api: Api, id: string): AsyncGenerator<StoryEvent> {
  for await (const piece of api.pieces({ verb: `log.${id}` })) yield piece.value as StoryEvent;
}

/**
 * A reader that knows where it is, and is cut off by a restart of server or gateway, goes on from there.
 * @throws DspexError `unavailable` when nobody answers before it knows.
 */
export async function* observe(api: Api, options: ObserveOptions): AsyncGenerator<StoryEvent> {
  let from = options.from;
  let isBegun = false;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const body = {
      ...(options.kinds !== undefined && { kinds: options.kinds }),
      ...(from !== undefined && { from }),
    };
    try {
      // While the connection was away pieces may have been sent to nobody.
      for await (const { value } of api.pieces({ verb: "observe", body, endsOnReconnect: true })) {
        isBegun = true;
        pauseMs = FIRST_PAUSE_MS;
        if (isPosition(value)) {
          from = value.position + 1;
          continue;
        }
        const event = value as StoryEvent;
        from = event.sequence + 1;
        yield event;
      }
    } catch (error) {
      const goesOn = isBegun && from !== undefined && isDspexError(error) && error.code === "unavailable";
      if (!goesOn) throw error;
      await pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}

/** Tells a reader how far an answer came that had nothing for it. */
function isPosition(value: unknown): value is { position: number } {
  return typeof value === "object" && value !== null && "position" in value;
}
