// Finds all that the log and the stream of large values hold of a user up to a sequence, besides sessions, which have
// tombstones of their own: requests, work, failures, results, judgements, what happened to requests, runs of pipelines.
// What still runs is left until it is through. Looks once through the user's own messages, and through all work and
// failures since the user's first request.

import { parseRequestId, resolveRequestId } from "../../../schemas/envelope/ids.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import {
  ALL_WORK,
  ATTEMPT_FAILED_SUBJECT,
  feedbackOfUser,
  idOfResultSubject,
  parseLogSubject,
  REQUEST_EVENTS_FILTER,
  requestsFilter,
  resultsFilter,
  USER_EVENTS,
} from "../../../schemas/subjects.ts";
import type { ObjectBucket } from "../../log/objects.ts";
import { type LogReader, pagesOf, type StoredMessage } from "../../log/read.ts";
import { dataIn } from "../contents.ts";
import { askedIn, type Gathered, nothingGathered, referencesIn } from "./gather.ts";
import { isErased } from "./gone-result.ts";

export interface GatheredOfUser extends Gathered {
  /** Requests that have no result yet; what comes of them is still to be erased. */
  running: string[];
}

export interface UserScope {
  user: string;
  /** Nothing after it was meant. */
  upTo: number;
  /** Large values that were stored later were not meant, either; log time, ms. */
  upToMs: number;
}

/** A run ends with this … */
const LAST_VERB = "finished";
/** … and these are of definitions, which stay, as those of programs do. */
const OF_DEFINITIONS = new Set(["registered", "removed"]);

export async function gatherUser(
  reader: LogReader,
  values: ObjectBucket,
  { user, upTo, upToMs }: UserScope,
): Promise<GatheredOfUser> {
  const found = nothingGathered();
  /** Sequences of the requests with each id. */
  const asked = new Map<string, number[]>();
  /** Messages that still need what they refer to. */
  const kept = new Set<number>();
  let first = Number.POSITIVE_INFINITY;
  for await (const message of pagesOf(reader, requestsFilter(user), 1)) {
    first = Math.min(first, message.sequence);
    const id = askedIn(user, message)?.id ?? `${user}.log.${message.sequence}`;
    asked.set(id, [...(asked.get(id) ?? []), message.sequence]);
  }
  const ended = new Set<string>();
  for await (const message of pagesOf(reader, resultsFilter(user), 1)) {
    const id = idOfResultSubject(message.subject);
    const result = dataIn(message) as Partial<Result> | undefined;
    if (isLater(asked.get(id), upTo)) continue;
    ended.add(id);
    if (isErased(result)) continue;
    found.log.add(message.sequence);
    found.results.set(message.sequence, id);
    first = Math.min(first, result?.log?.request || message.sequence);
  }
  const running: string[] = [];
  for (const [id, sequences] of asked) {
    const isOver = ended.has(id);
    if (!isOver && !isLater(sequences, upTo)) running.push(id);
    for (const sequence of sequences) (isOver ? found.log : kept).add(sequence);
  }
  const isMeant = (id: unknown): boolean =>
    typeof id === "string" && parseRequestId(id)?.user === user && (ended.has(id) || !asked.has(id));
  // Of requests that the log has forgotten nothing says how they ended: they ended long ago.
  if (Number.isFinite(first)) {
    for (const subject of [ALL_WORK, ATTEMPT_FAILED_SUBJECT, REQUEST_EVENTS_FILTER]) {
      for await (const message of pagesOf(reader, subject, first)) {
        const { id, sequence } = (dataIn(message) ?? {}) as { id?: unknown; sequence?: number };
        const isOurs = isMeant(id) || (sequence !== undefined && found.log.has(sequence));
        if (isOurs) found.log.add(message.sequence);
      }
    }
  }
  for await (const message of pagesOf(reader, feedbackOfUser(user), 1)) {
    if (isMeant(judgedIn(message))) found.log.add(message.sequence);
  }
  running.push(...(await gatherRuns(reader, user, upTo, found.log)));
  const needed = await referencesIn(reader, user, kept);
  const isOurs = (name: string, storedMs: number) =>
    name.startsWith(`${user}/`) && storedMs <= upToMs && !needed.has(name);
  for (const sequence of await values.sequencesWhere(isOurs)) found.values.add(sequence);
  return { ...found, running };
}

/** Events of runs that have ended. Returns those that have not. */
async function gatherRuns(
  reader: LogReader,
  user: string,
  upTo: number,
  log: Set<number>,
): Promise<string[]> {
  const runs = new Map<string, { sequences: number[]; isOver: boolean }>();
  for await (const message of pagesOf(reader, USER_EVENTS.pipeline(user), 1)) {
    const subject = parseLogSubject(message.subject);
    if (subject.kind !== "event" || subject.name === undefined || OF_DEFINITIONS.has(subject.verb)) continue;
    const run = runs.get(subject.name) ?? { sequences: [], isOver: false };
    run.sequences.push(message.sequence);
    run.isOver ||= subject.verb === LAST_VERB;
    runs.set(subject.name, run);
  }
  const running: string[] = [];
  for (const [name, { sequences, isOver }] of runs) {
    if (isLater(sequences, upTo)) continue;
    if (isOver) for (const sequence of sequences) log.add(sequence);
    else running.push(name);
  }
  return running;
}

/** The first of them decides: the others are copies. */
function isLater(sequences: readonly number[] | undefined, upTo: number): boolean {
  const [first] = sequences ?? [];
  return first !== undefined && first > upTo;
}

/** `dspex.event.program.<program>.feedback.<user>.<connection>.<n>.<judgement>` */
function judgedIn({ subject }: StoredMessage): string | undefined {
  const [user = "", ...rest] = subject.split(".").slice(5, 8);
  return resolveRequestId(user, [user, ...rest].join("."));
}
