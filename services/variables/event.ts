// Decodes the log's variable events into the closed union that the registry folds.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import {
  VARIABLE_EVENTS,
  type VariableChanged,
  type VariableDeprecated,
  type VariableRegistered,
  type VariableRejected,
  type VariableReset,
  type VariableVerb,
} from "../../schemas/messages/variable-event.ts";
import { parseLogSubject } from "../../schemas/subjects.ts";

/** An event without its place in the log: what `decide` returns. */
export type VariableAppend =
  | { verb: "registered"; data: VariableRegistered }
  | { verb: "changed"; data: VariableChanged }
  | { verb: "rejected"; data: VariableRejected }
  | { verb: "reset"; data: VariableReset }
  | { verb: "deprecated"; data: VariableDeprecated };

export type VariableEvent = VariableAppend & { sequence: number; timeMs: number };

export interface VariableMessage {
  subject: string;
  sequence: number;
  timeMs: number;
  json(): unknown;
}

/** @throws on a known event that does not fit its schema. */
export function decodeEvent(message: VariableMessage): VariableEvent | undefined {
  const subject = parseLogSubject(message.subject);
  if (subject.kind !== "event" || subject.entity !== "variable") return undefined;
  const { verb } = subject;
  if (!Object.hasOwn(VARIABLE_EVENTS, verb)) return undefined;
  const data = VARIABLE_EVENTS[verb as VariableVerb].schema.parse(
    (message.json() as CloudEvent<unknown>).data,
  );
  return { verb, data, sequence: message.sequence, timeMs: message.timeMs } as VariableEvent;
}
