// Decodes messages of the log into the closed union of events that a router folds. What another part may have
// written in a later version, or what is broken, is `undefined`: folds leave it alone.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseRequestId } from "../../schemas/envelope/ids.ts";
import { type AttemptFailed, attemptFailedSchema } from "../../schemas/messages/attempt-failed.ts";
import type { Place } from "../../schemas/messages/parts.ts";
import {
  type ProgramDefinition,
  programDefinitionSchema,
  programFeedbackSchema,
  programRemovedSchema,
} from "../../schemas/messages/program-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import {
  type CanaryStarted,
  canaryStartedSchema,
  VERSION_EVENTS,
} from "../../schemas/messages/version-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import {
  type WorkerStarted,
  workerFoundSchema,
  workerLostSchema,
  workerStartedSchema,
  workerStoppedSchema,
} from "../../schemas/messages/worker-event.ts";
import { parseLogSubject } from "../../schemas/subjects.ts";
import { outcomeOfFailure, outcomeOfResult, qualityOfFeedback } from "../learning/outcomes/from-messages.ts";
import { decodePolicyEvent, type PolicyEvent } from "../learning/policy/event.ts";
import type { LearningEvent } from "../learning/statistics/event.ts";
import { decodeSessionEvent, type SessionEvent } from "../sessions/event.ts";
import { decodeEvent as decodeVariableEvent, type VariableEvent } from "../variables/event.ts";
import { type Intake, type RequestMessage, readIntake } from "./intake.ts";

export type RouterEvent =
  | { kind: "request"; sequence: number; timeMs: number; intake: Intake }
  | { kind: "work"; sequence: number; timeMs: number; work: WorkFacts }
  | { kind: "attempt-failed"; sequence: number; timeMs: number; failed: AttemptFailed; learned?: Learned }
  | { kind: "result"; sequence: number; timeMs: number; id: string; ending?: Ending; learned?: Learned }
  | { kind: "program-registered"; sequence: number; timeMs: number; definition: ProgramDefinition }
  | { kind: "program-removed"; sequence: number; timeMs: number; name: string }
  | { kind: "canary-started"; sequence: number; timeMs: number; canary: CanaryStarted }
  | { kind: "version-chosen"; sequence: number; timeMs: number; name: string; version: string }
  | { kind: "version-withdrawn"; sequence: number; timeMs: number; name: string; version: string }
  | { kind: "worker-started"; sequence: number; timeMs: number; worker: WorkerStarted }
  | { kind: "worker-gone"; sequence: number; timeMs: number; worker: WorkerName }
  /** Lost, but nobody has seen how it ended. */
  | { kind: "worker-silent"; sequence: number; timeMs: number; worker: WorkerName }
  | { kind: "worker-found"; sequence: number; timeMs: number; worker: WorkerName }
  | { kind: "feedback"; sequence: number; timeMs: number; learned: Learned }
  | { kind: "policy"; sequence: number; timeMs: number; policy: PolicyEvent }
  | { kind: "session"; sequence: number; timeMs: number; session: SessionEvent }
  | { kind: "variable"; sequence: number; timeMs: number; variable: VariableEvent };

/** What the event says of an implementation, if anything. */
type Learned = LearningEvent | undefined;

type WorkerName = Pick<WorkerStarted, "pool" | "worker" | "incarnation">;

/** What a result says of how its request ended. */
export interface Ending {
  /** The attempt that answered, if one did. */
  answered: { attempt: number; version: string; implementation: string; durationMs: number } | undefined;
  /** It had taken too long. */
  isLate: boolean;
  /** Name of the session that it was a turn of. */
  session?: string;
}

export interface WorkFacts {
  id: string;
  attempt: number;
  version: string;
  /** Where its outcome belongs; absent where the decision was not one of chance. */
  place?: Place;
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
      return parseRequestId(subject.id) === undefined
        ? undefined
        : { kind: "result", ...at, id: subject.id, ...readResult(message) };
    case "work": {
      // Only routers may append work: its shape is checked where it is executed, here the few facts suffice.
      const { id, attempt, version, implementation, decision } = (message.json() as CloudEvent<Work>).data;
      const { pool, worker } = subject;
      const place = decision?.features?.place as Place | undefined;
      const work = {
        id,
        attempt,
        version,
        implementation,
        pool,
        worker,
        ...(place !== undefined && { place }),
      };
      return { kind: "work", ...at, work };
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
    const failed = attemptFailedSchema.parse(dataOf(message));
    return { kind: "attempt-failed", ...at, failed, learned: outcomeOfFailure(failed, message.sequence) };
  }
  if (entity === "program" && verb === "registered") {
    const { by: _by, ...definition } = dataOf(message) as ProgramDefinition & { by: string };
    return { kind: "program-registered", ...at, definition: programDefinitionSchema.parse(definition) };
  }
  if (entity === "program" && verb === "removed") {
    return { kind: "program-removed", ...at, name: programRemovedSchema.parse(dataOf(message)).name };
  }
  if (entity === "program" && verb === "canary-started") {
    return { kind: verb, ...at, canary: canaryStartedSchema.parse(dataOf(message)) };
  }
  if (entity === "program" && (verb === "promoted" || verb === "rolled-back")) {
    const { name, version } = VERSION_EVENTS[verb].schema.parse(dataOf(message));
    return { kind: "version-chosen", ...at, name, version };
  }
  if (entity === "program" && verb === "withdrawn") {
    const { name, version } = VERSION_EVENTS[verb].schema.parse(dataOf(message));
    return { kind: "version-withdrawn", ...at, name, version };
  }
  if (entity === "program" && verb === "feedback") {
    const feedback = programFeedbackSchema.parse(dataOf(message));
    return { kind: "feedback", ...at, learned: qualityOfFeedback(feedback, message.sequence) };
  }
  if (entity === "session") {
    const session = decodeSessionEvent(message);
    return session === undefined ? undefined : { kind: "session", ...at, session };
  }
  if (entity === "variable") {
    const variable = decodeVariableEvent(message);
    return variable === undefined ? undefined : { kind: "variable", ...at, variable };
  }
  if (entity === "worker") return decodeWorker(verb, message);
  if (entity === "policy") {
    const policy = decodePolicyEvent(verb, dataOf(message), message.sequence);
    return policy === undefined ? undefined : { kind: "policy", ...at, policy };
  }
  return undefined;
}

function decodeWorker(verb: string, message: EventMessage): RouterEvent | undefined {
  const at = { sequence: message.sequence, timeMs: message.timeMs };
  switch (verb) {
    case "started":
      return { kind: "worker-started", ...at, worker: workerStartedSchema.parse(dataOf(message)) };
    case "stopped":
      return { kind: "worker-gone", ...at, worker: workerStoppedSchema.parse(dataOf(message)) };
    case "lost": {
      const worker = workerLostSchema.parse(dataOf(message));
      const isSilent = worker.exitCode === undefined && worker.signal === undefined;
      return { kind: isSilent ? "worker-silent" : "worker-gone", ...at, worker };
    }
    case "found":
      return { kind: "worker-found", ...at, worker: workerFoundSchema.parse(dataOf(message)) };
    default:
      return undefined;
  }
}

/** A result ends its request whatever is in it: what cannot be read says nothing. */
function readResult(message: EventMessage): { ending?: Ending; learned?: Learned } {
  try {
    const result = dataOf(message) as Result;
    return { ending: endingOf(result), learned: outcomeOfResult(result, message.sequence) };
  } catch {
    return {};
  }
}

function endingOf({ status, attempts, version, error, session }: Result): Ending {
  const last = attempts.at(-1);
  const isAnswered = status === "succeeded" && last !== undefined && last.error === undefined;
  const { attempt, implementation, durationMs } = last ?? {};
  return {
    answered:
      isAnswered && typeof attempt === "number" && typeof durationMs === "number"
        ? { attempt, version: String(version), implementation: String(implementation), durationMs }
        : undefined,
    isLate: error?.code === "deadline_exceeded",
    ...(typeof session === "string" && { session }),
  };
}

function dataOf(message: EventMessage): unknown {
  return (message.json() as CloudEvent<unknown>).data;
}
