// Decodes the log's program events into the closed union that the registry folds.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import {
  type ProgramDefinition,
  programRegisteredSchema,
  programRemovedSchema,
} from "../../schemas/messages/program-event.ts";
import { parseLogSubject } from "../../schemas/subjects.ts";

export type ProgramEvent =
  | { kind: "registered"; sequence: number; timeMs: number; definition: ProgramDefinition; by: string }
  | { kind: "removed"; sequence: number; timeMs: number; name: string };

export interface ProgramMessage {
  subject: string;
  sequence: number;
  timeMs: number;
  json(): unknown;
}

/** @throws on a known event that does not fit its schema. */
export function decodeEvent(message: ProgramMessage): ProgramEvent | undefined {
  const subject = parseLogSubject(message.subject);
  if (subject.kind !== "event" || subject.entity !== "program") return undefined;
  const at = { sequence: message.sequence, timeMs: message.timeMs };
  const data = () => (message.json() as CloudEvent<unknown>).data;
  if (subject.verb === "registered") {
    const { by, ...definition } = programRegisteredSchema.parse(data());
    return { kind: "registered", ...at, definition, by };
  }
  if (subject.verb === "removed")
    return { kind: "removed", ...at, name: programRemovedSchema.parse(data()).name };
  return undefined;
}
