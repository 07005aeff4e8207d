// Finds everything that the log and the stream of large values hold of a session: its own events, the messages of its
// requests, copies of these that were sent twice or kept as dead letters, judgements, and values by reference. Costs
// what the session has, and a look through its user's requests since it began.

import { parseRequestId, resolveRequestId } from "../../../schemas/envelope/ids.ts";
import { readRequest } from "../../../schemas/envelope/request-codec.ts";
import { referenceSchema } from "../../../schemas/messages/reference.ts";
import {
  ATTEMPT_FAILED_SUBJECT,
  feedbackOf,
  requestEventSubject,
  requestsFilter,
  sessionEventSubject,
  VALUE_BUCKET,
} from "../../../schemas/subjects.ts";
import type { ObjectBucket } from "../../log/objects.ts";
import { type LogReader, pagesOf, type StoredMessage } from "../../log/read.ts";
import { dataIn, turnEventIn } from "../contents.ts";
import { namedIn } from "../event.ts";
import { type Session, type SessionsState, sessionKey } from "../state.ts";

const AT_ONCE = 64;

/** Sessions that were forked from this one, and from those. */
export function forksOf({ user, session }: Session, { namesOf, live, ended }: SessionsState): Session[] {
  const others = [...(namesOf.get(user) ?? [])].flatMap((name) => {
    const key = sessionKey(user, name);
    return live.get(key) ?? ended.get(key) ?? [];
  });
  const forks: Session[] = [];
  let origins = new Set([session]);
  while (origins.size > 0) {
    const next = others.filter(({ parent }) => parent !== undefined && origins.has(parent.session));
    forks.push(...next);
    origins = new Set(next.map((one) => one.session));
  }
  return forks;
}

export interface Gathered {
  log: Set<number>;
  values: Set<number>;
  /** By the sequence of the result. */
  results: Map<number, string>;
}

export function nothingGathered(): Gathered {
  return { log: new Set(), values: new Set(), results: new Map() };
}

/** @param forks sessions that share turns with it: what they were asked has those in its work. */
export async function gather(
  reader: LogReader,
  values: ObjectBucket,
  session: Session,
  forks: readonly Session[],
): Promise<Gathered> {
  const { user, session: name } = session;
  // Their turns come when they are through, and are erased then.
  const running = new Set(session.open.map(({ id }) => id));
  const { found, ids, first } = await gatherTurns(reader, session);
  if (!Number.isFinite(first)) return found;

  for await (const message of pagesOf(reader, requestsFilter(user), first)) {
    const asked = askedIn(user, message);
    if (asked === undefined || running.has(asked.id)) continue;
    if (asked.session === name || ids.has(asked.id)) found.log.add(message.sequence);
  }
  for (const subject of [
    ATTEMPT_FAILED_SUBJECT,
    ...["dead-lettered", "cancel-requested", "refused", "conflicted"].map(requestEventSubject),
  ]) {
    for await (const message of pagesOf(reader, subject, first)) {
      const { id, sequence } = (dataIn(message) ?? {}) as { id?: string; sequence?: number };
      const isOurs = (id !== undefined && ids.has(id)) || (sequence !== undefined && found.log.has(sequence));
      if (isOurs) found.log.add(message.sequence);
    }
  }
  for (const [id, program] of ids) {
    if (program === "") continue;
    for await (const message of pagesOf(reader, feedbackOf(program, id), 1)) found.log.add(message.sequence);
  }
  for (const fork of forks) {
    for await (const message of pagesOf(
      reader,
      sessionEventSubject(user, fork.session, "turn-added"),
      first,
    )) {
      for (const sequence of turnEventIn(message)?.log.work ?? []) found.log.add(sequence);
    }
  }
  for (const key of await referencesIn(reader, user, found.log)) {
    for (const sequence of await values.sequencesOf(key)) found.values.add(sequence);
  }
  return found;
}

/** Its own events, and the messages that they tell of; not copies of these. */
export async function gatherTurns(
  reader: LogReader,
  { user, session: name }: Pick<Session, "user" | "session">,
): Promise<{ found: Gathered; ids: Map<string, string>; first: number }> {
  const found = nothingGathered();
  const ids = new Map<string, string>();
  let first = Number.POSITIVE_INFINITY;
  for await (const message of pagesOf(reader, sessionEventSubject(user, name, "*"), 1)) {
    if (namedIn(message.subject)?.verb === "erased") continue;
    found.log.add(message.sequence);
    first = Math.min(first, message.sequence);
    const turn = turnEventIn(message);
    if (turn === undefined) continue;
    ids.set(turn.id, turn.program);
    const { requests, work, failures, result } = turn.log;
    for (const sequence of [...requests, ...work, ...failures, result]) found.log.add(sequence);
    found.results.set(result, turn.id);
    first = Math.min(first, ...requests);
  }
  return { found, ids, first };
}

export function askedIn(
  user: string,
  message: StoredMessage,
): { id: string; session: string | undefined } | undefined {
  try {
    const { id, options } = readRequest((name) => message.header(name), message.data);
    const full = id === undefined ? `${user}.log.${message.sequence}` : (resolveRequestId(user, id) ?? id);
    return parseRequestId(full) === undefined ? undefined : { id: full, session: options.session };
  } catch {
    return undefined;
  }
}

/** Keys of the user's large values that the messages refer to. */
export async function referencesIn(
  reader: LogReader,
  user: string,
  sequences: ReadonlySet<number>,
): Promise<Set<string>> {
  const keys = new Set<string>();
  const all = [...sequences];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = await Promise.all(all.slice(at, at + AT_ONCE).map((sequence) => reader.at(sequence)));
    for (const message of some) {
      if (message !== null && mayRefer(message)) collect(bodyOf(message), user, keys);
    }
  }
  return keys;
}

const REFERENCE = Buffer.from('"$ref"');

function mayRefer({ data }: StoredMessage): boolean {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes(REFERENCE);
}

function bodyOf(message: StoredMessage): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

function collect(value: unknown, user: string, keys: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  const reference = referenceSchema.safeParse(value).data?.$ref;
  if (reference === undefined) for (const member of Object.values(value)) collect(member, user, keys);
  else if (reference.bucket === VALUE_BUCKET && reference.key.startsWith(`${user}/`)) keys.add(reference.key);
}
