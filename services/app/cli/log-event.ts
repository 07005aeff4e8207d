// Pure: a message of the log as the commands show it. What cannot be read still is an event: with its subject and
// the reason, because a log that hides broken messages helps nobody.

import { resolveRequestId } from "../../../schemas/envelope/ids.ts";
import { type ReadRequest, readRequest } from "../../../schemas/envelope/request-codec.ts";
import { type LogSubject, parseLogSubject } from "../../../schemas/subjects.ts";

/** What is needed of a message, from a follower or a direct get. */
export interface EventMessage {
  subject: string;
  sequence: number;
  timeMs: number;
  data: Uint8Array;
  header(name: string): string | undefined;
  json(): unknown;
}

export interface LogEvent {
  sequence: number;
  timeMs: number;
  subject: string;
  kind: LogSubject;
  /** Of the envelope; absent for a bare request. */
  type: string | undefined;
  source: string | undefined;
  /** The request that it is about. */
  id: string | undefined;
  user: string | undefined;
  program: string | undefined;
  session: string | undefined;
  /** Data of the event; a request's is `{inputs, …options}` in either form. */
  data: Record<string, unknown>;
  /** Why the body could not be read. */
  unreadable?: string;
}

export function logEvent(message: EventMessage): LogEvent {
  const { subject, sequence, timeMs } = message;
  const kind = parseLogSubject(subject);
  const empty = {
    sequence,
    timeMs,
    subject,
    kind,
    type: undefined,
    source: undefined,
    id: undefined,
    user: undefined,
    program: undefined,
    session: undefined,
    data: {},
  };
  try {
    return kind.kind === "request" ? ofRequest(empty, message, kind) : ofEvent(empty, message);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const known = kind.kind === "request" ? { user: kind.user, program: kind.program } : {};
    return { ...empty, ...known, unreadable: why };
  }
}

function ofRequest(
  base: LogEvent,
  message: EventMessage,
  { user, program }: { user: string; program: string },
): LogEvent {
  const request: ReadRequest = readRequest((name) => message.header(name), message.data);
  const own = `${user}.log.${base.sequence}`;
  const id = request.id === undefined ? own : (resolveRequestId(user, request.id) ?? own);
  const data = { inputs: request.inputs, ...request.options };
  return { ...base, id, user, program, session: request.options.session, data };
}

function ofEvent(base: LogEvent, message: EventMessage): LogEvent {
  const event = message.json() as { type?: string; source?: string; data?: Record<string, unknown> };
  const data = event.data ?? {};
  const id = base.kind.kind === "result" ? base.kind.id : text(data.id);
  return {
    ...base,
    type: event.type,
    source: event.source,
    id,
    user: text(data.user) ?? id?.split(".")[0],
    program: text(data.program) ?? programOf(base.kind),
    session: text(data.session),
    data,
  };
}

function programOf(kind: LogSubject): string | undefined {
  return kind.kind === "event" && kind.entity === "program" ? kind.name : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The subject's words without `dspex`: `request`, `work`, `result`, `attempt.failed`, `program.registered` … */
export function kindName(kind: LogSubject): string {
  return kind.kind === "event" ? `${kind.entity}.${kind.verb}` : kind.kind;
}
