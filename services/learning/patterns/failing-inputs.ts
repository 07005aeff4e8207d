// Inputs that fail again and again: the same request by its hash, and requests of one shape (kind of task and length).
// Counts halve each day of the log, so that what was mended goes.

import { recent } from "../fold/recent.ts";

export const FAILING_BOUNDS = {
  /** Least recently used out. */
  programs: 2_000,
  /** Requests of one program that are counted; the one that failed least gives its place, and its count, to a new one. */
  requests: 16,
  /** Kinds of task by length bucket, of one program. */
  shapes: 96,
} as const;

const DAY_MS = 86_400_000;

export interface FailingRequest {
  /** Hash of program, inputs and options, as results tell it. */
  hash: string;
  /** Times that it failed, at most `surplus` too many (Metwally's space-saving). */
  count: number;
  surplus: number;
  /** Of the newest of them. */
  sequence: number;
  timeMs: number;
  code: string;
}

export interface Shape {
  requests: number;
  failed: number;
}

export interface Failing {
  day: number;
  requests: FailingRequest[];
  shapes: Map<string, Shape>;
}

export type FailingState = Map<string, Failing>;

export interface EndedRequest {
  sequence: number;
  timeMs: number;
  hash: string;
  /** `<kind of task>/<length bucket>`, where the decision told it. */
  shape: string | undefined;
  /** Of its first failure; undefined = nothing failed. */
  code: string | undefined;
}

export function newFailing(): FailingState {
  return new Map();
}

export function observeEnd(state: FailingState, program: string, ended: EndedRequest): void {
  const day = Math.floor(ended.timeMs / DAY_MS);
  const failing = recent(state, program, FAILING_BOUNDS.programs, () => newProgramFailing(day));
  if (day > failing.day) fade(failing, day);
  if (ended.shape !== undefined) {
    const shape = recent(failing.shapes, ended.shape, FAILING_BOUNDS.shapes, () => ({
      requests: 0,
      failed: 0,
    }));
    shape.requests++;
    if (ended.code !== undefined) shape.failed++;
  }
  if (ended.code !== undefined) count(failing.requests, ended, ended.code);
}

/** Space-saving: a place of its own, or that of the request that failed least. */
function count(requests: FailingRequest[], { hash, sequence, timeMs }: EndedRequest, code: string): void {
  const known = requests.find((one) => one.hash === hash);
  if (known !== undefined) {
    Object.assign(known, { count: known.count + 1, sequence, timeMs, code });
    return;
  }
  const fresh = { hash, count: 1, surplus: 0, sequence, timeMs, code };
  if (requests.length < FAILING_BOUNDS.requests) {
    requests.push(fresh);
    return;
  }
  let least = 0;
  for (const [at, one] of requests.entries()) {
    if (one.count < (requests[least] as FailingRequest).count) least = at;
  }
  const surplus = (requests[least] as FailingRequest).count;
  requests[least] = { ...fresh, count: surplus + 1, surplus };
}

function fade(failing: Failing, day: number): void {
  const factor = day - failing.day > 30 ? 0 : 1 / 2 ** (day - failing.day);
  failing.day = day;
  for (const one of failing.requests) {
    one.count *= factor;
    one.surplus *= factor;
  }
  failing.requests = failing.requests.filter((one) => one.count >= 1 / 2);
  for (const [key, shape] of failing.shapes) {
    shape.requests *= factor;
    shape.failed *= factor;
    if (shape.requests < 1 / 2) failing.shapes.delete(key);
  }
}

function newProgramFailing(day: number): Failing {
  return { day, requests: [], shapes: new Map() };
}

export type FailingJson = [
  program: string,
  failing: { day: number; requests: FailingRequest[]; shapes: [string, Shape][] },
][];

export function failingToJson(state: FailingState): FailingJson {
  return [...state].map(([program, { day, requests, shapes }]) => [
    program,
    { day, requests, shapes: [...shapes] },
  ]);
}

export function failingFromJson(json: FailingJson): FailingState {
  return new Map(
    json.map(([program, { day, requests, shapes }]) => [program, { day, requests, shapes: new Map(shapes) }]),
  );
}
