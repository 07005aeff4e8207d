// Messages of the log as sessions are folded from them: requests, work, failures and results that belong to one, and
// what happened to the sessions themselves.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { parseRequestId } from "../../schemas/envelope/ids.ts";
import type { AttemptFailed } from "../../schemas/messages/attempt-failed.ts";
import type { Result } from "../../schemas/messages/result.ts";
import {
  isSessionVerb,
  SESSION_EVENTS,
  type SessionClosed,
  type SessionContextSet,
  type SessionErased,
  type SessionExpired,
  type SessionForked,
  type SessionOpened,
  type SessionTurnAdded,
} from "../../schemas/messages/session-event.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { ATTEMPT_FAILED_SUBJECT, isToken, parseLogSubject } from "../../schemas/subjects.ts";
import { type RequestMessage, readIntake } from "../router/intake.ts";

interface At {
  sequence: number;
  timeMs: number;
}
interface Named {
  user: string;
  session: string;
}

/** What happened to one session. `other` = a later version's event, or one that cannot be read: it counts as passed. */
export type SessionEvent = At &
  Named &
  (
    | { kind: "opened"; data: SessionOpened }
    | { kind: "context-set"; data: SessionContextSet }
    | { kind: "turn-added"; data: SessionTurnAdded }
    | { kind: "forked"; data: SessionForked }
    | { kind: "closed"; data: SessionClosed }
    | { kind: "expired"; data: SessionExpired }
    | { kind: "erased"; data: SessionErased }
    | { kind: "other" }
  );

export type SessionsEvent =
  | SessionEvent
  | (At & Named & { kind: "request"; id: string; deadlineAtMs: number })
  | (At & Named & { kind: "work"; id: string })
  | (At & Named & { kind: "result"; id: string; request: number })
  | (At & { kind: "attempt-failed"; id: string });

export interface EventMessage extends RequestMessage {
  subject: string;
  json(): unknown;
}

/** Undefined for what concerns no session. @throws on a message that should and cannot be read. */
export function decodeEvent(message: EventMessage): SessionsEvent | undefined {
  const subject = parseLogSubject(message.subject);
  const at = { sequence: message.sequence, timeMs: message.timeMs };
  switch (subject.kind) {
    case "request": {
      if (!mayNameSession(message) && message.header(HEADER.session) === undefined) return undefined;
      const { request, id, deadlineAtMs } = readIntake(subject.user, subject.program, message);
      const session = request?.options.session;
      if (session === undefined) return undefined;
      return { kind: "request", ...at, user: subject.user, session, id, deadlineAtMs };
    }
    case "work": {
      if (!mayNameSession(message)) return undefined;
      const { id, user, session } = dataOf<Partial<Work>>(message);
      if (typeof user !== "string" || typeof id !== "string" || !isNamed(user, session)) return undefined;
      return { kind: "work", ...at, user, session, id };
    }
    case "result": {
      const user = parseRequestId(subject.id)?.user;
      if (user === undefined || !mayNameSession(message)) return undefined;
      const { session, log } = dataOf<Partial<Result>>(message);
      if (!isNamed(user, session)) return undefined;
      const request = typeof log?.request === "number" ? log.request : 0;
      return { kind: "result", ...at, user, session, id: subject.id, request };
    }
    case "event":
      if (message.subject === ATTEMPT_FAILED_SUBJECT)
        return { kind: "attempt-failed", ...at, id: String(dataOf<AttemptFailed>(message).id) };
      return decodeSessionEvent(message);
    default:
      return undefined;
  }
}

/** An event of a session; undefined for any other message. @throws on one that cannot be read. */
export function decodeSessionEvent(
  message: Omit<EventMessage, keyof RequestMessage> & At,
): SessionEvent | undefined {
  const named = namedIn(message.subject);
  if (named === undefined) return undefined;
  const { verb, ...of } = named;
  const at = { sequence: message.sequence, timeMs: message.timeMs, ...of };
  if (!isSessionVerb(verb)) return { kind: "other", ...at };
  // The schema is that of this verb.
  return { kind: verb, ...at, data: SESSION_EVENTS[verb].schema.parse(dataOf(message)) } as SessionEvent;
}

/** The session that a message is an event of, whatever its body is. */
export function namedIn(subject: string): (Named & { verb: string }) | undefined {
  const parsed = parseLogSubject(subject);
  if (parsed.kind !== "event" || parsed.entity !== "session") return undefined;
  const [user = "", session = "", ...more] = (parsed.name ?? "").split(".");
  return isNamed(user, session) && more.length === 0 ? { user, session, verb: parsed.verb } : undefined;
}

const MEMBER = Buffer.from('"session"');

/** A look at the bytes spares parsing nearly all of the log. */
function mayNameSession({ data }: { data: Uint8Array }): boolean {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes(MEMBER);
}

function isNamed(user: unknown, session: unknown): session is string {
  return typeof user === "string" && typeof session === "string" && isToken(user) && isToken(session);
}

function dataOf<Data>(message: { json(): unknown }): Data {
  return (message.json() as CloudEvent<Data>).data;
}
