// Events of the log that belong to this user, as async iterators: one request's story, or everything from a sequence,
// history first and then live. The reader asks for the next pieces when it has taken the last: that is the
// back-pressure.

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

export async function* story(api: Api, id: string): AsyncGenerator<StoryEvent> {
  for await (const piece of api.pieces({ verb: `log.${id}` })) yield piece.value as StoryEvent;
}

export async function* observe(api: Api, options: ObserveOptions): AsyncGenerator<StoryEvent> {
  let from = options.from;
  for (;;) {
    const body = {
      ...(options.kinds !== undefined && { kinds: options.kinds }),
      ...(from !== undefined && { from }),
    };
    for await (const { value } of api.pieces({ verb: "observe", body })) {
      if (isPosition(value)) {
        from = value.position + 1;
        continue;
      }
      const event = value as StoryEvent;
      from = event.sequence + 1;
      yield event;
    }
  }
}

/** Tells a reader how far an answer came that had nothing for it. */
function isPosition(value: unknown): value is { position: number } {
  return typeof value === "object" && value !== null && "position" in value;
}
