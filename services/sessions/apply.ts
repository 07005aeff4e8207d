// One message of the log into the state, whatever it is: what cannot be read is passed over, and still counts as passed.

import { decodeEvent, type EventMessage, namedIn, type SessionsEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import type { SessionsState } from "./state.ts";

export interface Applied {
  /** Absent when the message concerns no session. */
  event?: SessionsEvent;
  /** Why it could not be read. */
  error?: unknown;
}

export function applyMessage(state: SessionsState, message: EventMessage): Applied {
  try {
    const event = decodeEvent(message);
    if (event !== undefined) evolve(state, event);
    state.sequence = message.sequence;
    return event === undefined ? {} : { event };
  } catch (error) {
    state.sequence = message.sequence;
    const named = namedIn(message.subject);
    if (named === undefined) return { error };
    // What is appended is conditional on the session's last event, readable or not.
    const { user, session } = named;
    const { sequence, timeMs } = message;
    evolve(state, { kind: "other", sequence, timeMs, user, session });
    return { error };
  }
}
