// Decodes messages of the log into the closed union of events that a router folds. What another part may have
// written in a later version, or what is broken, is `undefined`: folds leave it alone.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseRequestId } from "../../schemas/envelope/ids.ts";
import { type AttemptFailed, attemptFailedSchema } from "../../schemas/messages/attempt-failed.ts";
import {
  type ProgramDefinition,
  programDefinitionSchema,
  programRemovedSchema,
} from "../../schemas/messages/program-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { parseLogSubject } from "../../schemas/subjects.ts";
import { type Intake, type RequestMessage, readIntake } from "./intake.ts";

export type RouterEvent =
  | { kind: "request"; sequence: number; timeMs: number; intake: Intake }
  | { kind: "work"; sequence: number; timeMs: number; work: WorkFacts }
  | { kind: "attempt-failed"; sequence: number; timeMs: number; failed: AttemptFailed }
  | { kind: "result"; sequence: number; timeMs: number; id: string }
  | { kind: "program-registered"; sequence: number; timeMs: number; definition: ProgramDefinition }
  | { kind: "program-removed"; sequence: number; timeMs: number; name: string };

export interface WorkFacts {
  id: string;
  attempt: number;
  implementation: string;
  pool: string;
  worker: string;
}

export interface EventMessage extends RequestMessage {
  subject: string;
  json(): unknown;
}

/** @throws on a message that is one of the known kinds and does not fit its schema: report and skip it. */
export function decodeEvent(message: EventMessage): RouterEvent | undefined {
  const subject = parseLogSubject(message.subject);
  const at = { sequence: message.sequence, timeMs: message.timeMs };
  switch (subject.kind) {
    case "request":
      return { kind: "request", ...at, intake: readIntake(subject.user, subject.program, message) };
    case "result":
      return parseRequestId(subject.id) === undefined ? undefined : { kind: "result", ...at, id: subject.id };
    case "work": {
      // Only routers may append work: its shape is checked where it is executed, here the few facts suffice.
      const { id, attempt, implementation } = (message.json() as CloudEvent<Work>).data;
      return {
        kind: "work",
        ...at,
        work: { id, attempt, implementation, pool: subject.pool, worker: subject.worker },
      };
    }
    case "event":
      return decodeOther(subject.entity, subject.verb, message);
    default:
      return undefined;
  }
}

function decodeOther(entity: string, verb: string, message: EventMessage): RouterEvent | undefined {
  const at = { sequence: message.sequence, timeMs: message.timeMs };
  if (entity === "attempt" && verb === "failed") {
    return { kind: "attempt-failed", ...at, failed: attemptFailedSchema.parse(dataOf(message)) };
  }
  if (entity === "program" && verb === "registered") {
    const { by: _by, ...definition } = dataOf(message) as ProgramDefinition & { by: string };
    return { kind: "program-registered", ...at, definition: programDefinitionSchema.parse(definition) };
  }
  if (entity === "program" && verb === "removed") {
    return { kind: "program-removed", ...at, name: programRemovedSchema.parse(dataOf(message)).name };
  }
  return undefined;
}

function dataOf(message: EventMessage): unknown {
  return (message.json() as CloudEvent<unknown>).data;
}
