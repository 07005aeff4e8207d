// Reads a log and says what in it breaks the promises of the contract. Shares no code with the system: ids, hashes and
// stories are worked out anew from the bytes.
//
//   each request ─▶ exactly one result, of the lowest sequence with its id · each result ─▶ a request before it

import { createHash } from "node:crypto";
import type { LogRecord } from "./read-log.ts";

interface AttemptOfResult {
  attempt: number;
  implementation: string;
  error?: { code: string };
}

interface ResultBody {
  id: string;
  status: string;
  outputs?: Record<string, unknown>;
  error?: { code: string };
  program: string;
  attempts: AttemptOfResult[];
  requestHash: string;
  log: { request: number; work: number[]; failures: number[] };
}

interface Asked {
  record: LogRecord;
  user: string;
  program: string;
  /** Where its result has to be. */
  id: string;
  inputs: unknown;
  options: Record<string, unknown>;
}

export interface LogReport {
  counts: Record<
    | "messages"
    | "requests"
    | "ids"
    | "results"
    | "succeeded"
    | "work"
    | "failures"
    | "repeatedRequests"
    | "repeatedWork"
    | "conflicted"
    | "refused"
    | "superseded"
    | "deadLettered",
    number
  >;
  problems: string[];
  /** Log time of request and result, ms, by id. */
  times: Map<string, { requestMs: number; resultMs: number }>;
  results: Map<string, ResultBody>;
}

const EVENT_MEMBERS = ["specversion", "id", "source", "type"];
const OPTION_HEADERS: [header: string, option: string, read: (value: string) => unknown][] = [
  ["Dspex-Session", "session", String],
  ["Dspex-Version", "version", String],
  ["Dspex-Implementation", "implementation", String],
  ["Dspex-Deadline-Ms", "deadlineMs", Number],
  ["Dspex-Priority", "priority", Number],
  ["Dspex-Prefer", "prefer", String],
  ["Dspex-Stream", "stream", (value) => value === "1"],
  ["Dspex-Variables", "variables", JSON.parse],
  ["Dspex-Budget", "budget", JSON.parse],
];

export function checkLog(records: readonly LogRecord[]): LogReport {
  const problems: string[] = [];
  const asked = records.filter((r) => r.subject.startsWith("dspex.request.")).map(askedIn);
  const first = new Map<string, Asked>();
  for (const one of asked) if (!first.has(one.id)) first.set(one.id, one);

  const results = new Map<string, { record: LogRecord; body: ResultBody }>();
  for (const record of records.filter((r) => r.subject.startsWith("dspex.result."))) {
    const id = record.subject.slice("dspex.result.".length);
    const body = (record.body as { data?: ResultBody } | undefined)?.data;
    if (results.has(id)) problems.push(`${id} has a second result at ${record.sequence}`);
    else if (body === undefined) problems.push(`the result of ${id} cannot be read`);
    else results.set(id, { record, body });
  }
  for (const [id, { record }] of results) {
    const request = first.get(id);
    if (request === undefined) problems.push(`${id} has a result and no request`);
    else if (request.record.sequence > record.sequence)
      problems.push(`${id} was answered before it was asked`);
  }
  const work = storiesOf(records, (r) => r.subject.startsWith("dspex.work."));
  const failures = storiesOf(records, (r) => r.subject === "dspex.event.attempt.failed");
  for (const [id, request] of first) {
    const result = results.get(id);
    if (result === undefined) problems.push(`${id} (${request.program}) has no result`);
    else problems.push(...misfits(request, result, work.get(id) ?? [], failures.get(id) ?? []));
  }
  const events = (verb: string) => records.filter((r) => r.subject === `dspex.event.request.${verb}`).length;
  const all = (stories: Map<string, LogRecord[]>) => [...stories.values()].flat().length;
  return {
    counts: {
      messages: records.length,
      requests: asked.length,
      ids: first.size,
      results: results.size,
      succeeded: [...results.values()].filter(({ body }) => body.status === "succeeded").length,
      work: all(work),
      failures: all(failures),
      repeatedRequests: asked.length - first.size,
      repeatedWork: [...work.values()].reduce((sum, of) => sum + of.length - attemptsIn(of).size, 0),
      conflicted: events("conflicted"),
      refused: events("refused"),
      superseded: events("superseded"),
      deadLettered: events("dead-lettered"),
    },
    problems,
    times: new Map(
      [...results].flatMap(([id, { record }]) => {
        const request = first.get(id);
        return request === undefined
          ? []
          : [[id, { requestMs: request.record.timeMs, resultMs: record.timeMs }]];
      }),
    ),
    results: new Map([...results].map(([id, { body }]) => [id, body])),
  };
}

/** What a result says of its request's story, against what the log has of it. */
function misfits(
  request: Asked,
  { record, body }: { record: LogRecord; body: ResultBody },
  work: readonly LogRecord[],
  failures: readonly LogRecord[],
): string[] {
  const { id } = request;
  const wrong: string[] = [];
  const expect = (fits: boolean, what: string) => {
    if (!fits) wrong.push(`${id}: ${what}`);
  };
  expect(body.id === id, `the result names ${body.id}`);
  expect(body.program === request.program, `the result is of program ${body.program}`);
  expect(
    body.log.request === request.record.sequence,
    `answers ${body.log.request}, asked at ${request.record.sequence}`,
  );
  if (request.inputs !== undefined && body.requestHash !== "") {
    expect(body.requestHash === hashOf(request), `requestHash ${body.requestHash} is not of the request`);
  }
  expect(
    // One that a hedge has overtaken has no end of its own.
    body.attempts.every(({ attempt }, index) => attempt > (body.attempts[index - 1]?.attempt ?? 0)),
    `attempts are numbered ${body.attempts.map(({ attempt }) => attempt).join()}`,
  );
  const failed = body.attempts.filter(({ error }) => error !== undefined);
  expect(failed.length === body.log.failures.length, `${failed.length} failed attempts, log has others`);
  const known = (stories: readonly LogRecord[], sequences: readonly number[]) =>
    sequences.every((sequence) => stories.some((story) => story.sequence === sequence)) &&
    sequences.every((sequence, index) => index === 0 || sequence > (sequences[index - 1] as number));
  expect(known(work, body.log.work), `work ${body.log.work.join()} is not in the log`);
  expect(known(failures, body.log.failures), `failures ${body.log.failures.join()} are not in the log`);
  body.log.failures.forEach((sequence, index) => {
    const of = failures.find((story) => story.sequence === sequence);
    const told = failed[index];
    const data = (of?.body as { data: AttemptOfResult } | undefined)?.data;
    expect(
      data?.attempt === told?.attempt && data?.error?.code === told?.error?.code,
      `attempt ${told?.attempt} is not the failure at ${sequence}`,
    );
  });
  expect(
    work.every((story) => story.sequence < record.sequence),
    "work was sent after the result",
  );
  if (body.status === "succeeded") {
    expect(
      body.attempts.at(-1) !== undefined && body.attempts.at(-1)?.error === undefined,
      "its last attempt failed",
    );
  } else expect(body.error !== undefined, `it ${body.status} without an error`);
  return wrong;
}

/** Messages by the id that their data names. */
function storiesOf(
  records: readonly LogRecord[],
  belongs: (record: LogRecord) => boolean,
): Map<string, LogRecord[]> {
  const stories = new Map<string, LogRecord[]>();
  for (const record of records.filter(belongs)) {
    const id = (record.body as { data?: { id?: string } } | undefined)?.data?.id ?? "";
    stories.set(id, [...(stories.get(id) ?? []), record]);
  }
  return stories;
}

function attemptsIn(work: readonly LogRecord[]): Set<number> {
  return new Set(work.map((record) => (record.body as { data: { attempt: number } }).data.attempt));
}

function askedIn(record: LogRecord): Asked {
  const [, , user = "", program = ""] = record.subject.split(".");
  const body = record.body as Record<string, unknown> | null | undefined;
  const isEvent =
    typeof body === "object" && body !== null && EVENT_MEMBERS.every((member) => member in body);
  const data = (isEvent ? body.data : undefined) as Record<string, unknown> | null | undefined;
  const named = isEvent ? data?.id : record.header("Dspex-Id");
  const common = { record, user, program, id: idOf(user, named, record.sequence) };
  if (isEvent) {
    const { id: _id, inputs, ...options } = data ?? {};
    return { ...common, inputs, options };
  }
  const options: Record<string, unknown> = {};
  for (const [header, option, read] of OPTION_HEADERS) {
    const value = record.header(header);
    if (value !== undefined) options[option] = read(value);
  }
  return { ...common, inputs: body, options };
}

const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;

function idOf(user: string, named: unknown, sequence: number): string {
  if (typeof named === "string" && TOKEN.test(named)) return `${user}.x.${named}`;
  const parts = typeof named === "string" ? named.split(".") : [];
  const isOwn = parts.length === 3 && parts[0] === user && parts[1] !== "log" && parts.every(isToken);
  return isOwn ? (named as string) : `${user}.log.${sequence}`;
}

function isToken(text: string): boolean {
  return TOKEN.test(text);
}

function hashOf({ program, inputs, options }: Asked): string {
  return createHash("sha256").update(sorted({ program, inputs, options })).digest("hex");
}

/** RFC 8785 for what the tests send: no numbers that JavaScript writes otherwise. */
function sorted(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sorted).join(",")}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${sorted(member)}`).join(",")}}`;
}
