// One message of the log into the state, whatever it is: what cannot be read is passed over, and still counts as passed.

import { parseLogSubject } from "../../../schemas/subjects.ts";
import { decodeEvent, type LearnerMessage } from "./event.ts";
import { evolve } from "./evolve.ts";
import type { LearnerState } from "./state.ts";

/** The error of a message that could not be read, else undefined. */
export function applyMessage(state: LearnerState, message: LearnerMessage): unknown {
  let failed: unknown;
  try {
    const event = decodeEvent(message);
    if (event !== undefined) evolve(state, event);
  } catch (error) {
    failed = error;
  }
  state.sequence = message.sequence;
  const subject = parseLogSubject(message.subject);
  // What is appended is conditional on the newest policy event, readable or not.
  if (subject.kind === "event" && subject.entity === "policy") state.journal.sequence = message.sequence;
  return failed;
}
