// Messages of the log as the pipelines service folds them: programs' registrations, what happened to pipelines and runs,
// the results of stages, and that all of a user is to be erased. Everything else is passed over at a look at its subject.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseRequestId } from "../../schemas/envelope/ids.ts";
import {
  isPipelineVerb,
  PIPELINE_EVENTS,
  type PipelineCancelled,
  type PipelineProgressed,
  type PipelineRegistered,
  type PipelineRemoved,
  type PipelineResult,
  type PipelineSignalled,
  type PipelineStarted,
} from "../../schemas/messages/pipeline-event.ts";
import type { ProgramRegistered } from "../../schemas/messages/program-event.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { type SessionErased, sessionErasedSchema } from "../../schemas/messages/session-event.ts";
import { parseLogSubject } from "../../schemas/subjects.ts";
import { parseStageKey } from "./run/keys.ts";

interface At {
  sequence: number;
  timeMs: number;
}
/** `name` = a run, or a pipeline's name. */
interface Named {
  user: string;
  name: string;
}

export type PipelinesEvent = At &
  (
    | { kind: "program-registered"; data: ProgramRegistered }
    | { kind: "program-removed"; program: string }
    /** Everything of the user up to a sequence is to be forgotten. */
    | { kind: "user-erased"; user: string; upTo: number }
    | (Named & { kind: "registered"; data: PipelineRegistered })
    | (Named & { kind: "removed"; data: PipelineRemoved })
    | (Named & { kind: "started"; data: PipelineStarted })
    | (Named & { kind: "progressed"; data: PipelineProgressed })
    | (Named & { kind: "signalled"; data: PipelineSignalled })
    | (Named & { kind: "cancelled"; data: PipelineCancelled })
    | (Named & { kind: "finished"; data: PipelineResult })
    /** A later version's event, or one that cannot be read: it counts as passed. */
    | (Named & { kind: "other" })
    | (Named & { kind: "result"; stage: number; n: number; result: Result })
  );

export interface EventMessage extends At {
  subject: string;
  json(): unknown;
}

/** Whether anybody waits for a result: only then it is parsed. */
export type IsAwaited = (user: string, run: string, stage: number, n: number) => boolean;

/** Undefined for what concerns no pipeline. @throws on a message that should and cannot be read. */
export function decodeEvent(message: EventMessage, isAwaited: IsAwaited): PipelinesEvent | undefined {
  const { sequence, timeMs } = message;
  const at = { sequence, timeMs };
  const subject = parseLogSubject(message.subject);
  if (subject.kind === "result") {
    const id = parseRequestId(subject.id);
    if (id?.kind !== "derived" || id.maker !== "p") return undefined;
    const key = parseStageKey(id.key);
    if (key === undefined || !isAwaited(id.user, key.run, key.stage, key.n)) return undefined;
    const { run: name, stage, n } = key;
    return { kind: "result", ...at, user: id.user, name, stage, n, result: dataOf<Result>(message) };
  }
  if (subject.kind !== "event") return undefined;
  if (subject.entity === "program") {
    if (subject.verb === "registered")
      return { kind: "program-registered", ...at, data: dataOf<ProgramRegistered>(message) };
    if (subject.verb === "removed") return { kind: "program-removed", ...at, program: subject.name ?? "" };
    return undefined;
  }
  if (subject.entity === "session") {
    if (subject.verb !== "erased") return undefined;
    const { user, upTo } = sessionErasedSchema.parse(dataOf(message)) as SessionErased & { upTo?: number };
    return upTo === undefined ? undefined : { kind: "user-erased", ...at, user, upTo };
  }
  return decodePipelineEvent(message);
}

/** An event of a pipeline or a run. @throws on one that cannot be read. */
export function decodePipelineEvent(message: EventMessage): PipelinesEvent | undefined {
  const named = namedIn(message.subject);
  if (named === undefined) return undefined;
  const { verb, user, name } = named;
  const at = { sequence: message.sequence, timeMs: message.timeMs, user, name };
  if (!isPipelineVerb(verb)) return { kind: "other", ...at };
  const data: unknown = PIPELINE_EVENTS[verb].schema.parse(dataOf(message));
  switch (verb) {
    case "stage-started":
    case "stage-finished":
    case "stage-failed":
    case "stage-skipped":
    case "compensated":
      return { kind: "progressed", ...at, data: data as PipelineProgressed };
    default:
      // The schema is that of this verb.
      return { kind: verb, ...at, data } as PipelinesEvent;
  }
}

/** What a message is an event of, whatever its body is. */
export function namedIn(subject: string): (Named & { verb: string }) | undefined {
  const parsed = parseLogSubject(subject);
  if (parsed.kind !== "event" || parsed.entity !== "pipeline") return undefined;
  const [user = "", name = "", ...more] = (parsed.name ?? "").split(".");
  return name !== "" && more.length === 0 ? { user, name, verb: parsed.verb } : undefined;
}

function dataOf<Data>(message: { json(): unknown }): Data {
  return (message.json() as CloudEvent<Data>).data;
}
