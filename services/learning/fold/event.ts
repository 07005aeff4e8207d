// Messages of the log as the learning service folds them: how requests and attempts ended, scores, programs, policies.

import type { CloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { type AttemptFailed, attemptFailedSchema } from "../../../schemas/messages/attempt-failed.ts";
import {
  type ProgramDefinition,
  type ProgramFeedback,
  programDefinitionSchema,
  programFeedbackSchema,
  programRemovedSchema,
} from "../../../schemas/messages/program-event.ts";
import { type Result, resultSchema } from "../../../schemas/messages/result.ts";
import { parseLogSubject } from "../../../schemas/subjects.ts";
import { decodePolicyEvent, type PolicyEvent } from "../policy/event.ts";

export type LearnerEvent = { sequence: number; timeMs: number } & (
  | { kind: "program-registered"; definition: ProgramDefinition }
  | { kind: "program-removed"; program: string }
  | { kind: "result"; result: Result }
  | { kind: "attempt-failed"; failed: AttemptFailed }
  | { kind: "feedback"; feedback: ProgramFeedback }
  | { kind: "policy"; policy: PolicyEvent }
);

export interface LearnerMessage {
  subject: string;
  sequence: number;
  timeMs: number;
  json(): unknown;
}

/** @throws on a known message that does not fit its schema. */
export function decodeEvent(message: LearnerMessage): LearnerEvent | undefined {
  const subject = parseLogSubject(message.subject);
  const at = { sequence: message.sequence, timeMs: message.timeMs };
  if (subject.kind === "result")
    return { ...at, kind: "result", result: resultSchema.parse(dataOf(message)) };
  if (subject.kind !== "event") return undefined;
  switch (`${subject.entity}.${subject.verb}`) {
    case "attempt.failed":
      return { ...at, kind: "attempt-failed", failed: attemptFailedSchema.parse(dataOf(message)) };
    case "program.registered": {
      const { by: _by, ...definition } = dataOf(message) as ProgramDefinition & { by: string };
      return { ...at, kind: "program-registered", definition: programDefinitionSchema.parse(definition) };
    }
    case "program.removed":
      return { ...at, kind: "program-removed", program: programRemovedSchema.parse(dataOf(message)).name };
    case "program.feedback":
      return { ...at, kind: "feedback", feedback: programFeedbackSchema.parse(dataOf(message)) };
    default: {
      if (subject.entity !== "policy") return undefined;
      const policy = decodePolicyEvent(subject.verb, dataOf(message), message.sequence);
      return policy === undefined ? undefined : { ...at, kind: "policy", policy };
    }
  }
}

function dataOf(message: LearnerMessage): unknown {
  return (message.json() as CloudEvent<unknown>).data;
}
