// Attempts on their way, as the fold counts them: which request has which, how many each pool has, since when, and what
// their ends say of what they depended on. Changes the state in place.

import type { ErrorCode } from "../../schemas/error-codes.ts";
import type { WireError } from "../../schemas/errors.ts";
import { evolveBreakers } from "./breakers/evolve.ts";
import { breakerKeys, keysOf } from "./breakers/keys.ts";
import type { Ending, WorkFacts } from "./event.ts";
import {
  type AttemptFacts,
  addressedEnded,
  attemptAddressed,
  attemptBegan,
  attemptEnded,
  attemptTook,
} from "./load/evolve.ts";
import { begunAttempts, type OpenRequest, type RouterState, type RunningAttempt } from "./state.ts";

/** The first attempt, and one hedge. */
const MOST_RUNNING = 2;

interface At {
  sequence: number;
  timeMs: number;
}

export function workSent(state: RouterState, open: OpenRequest, work: WorkFacts, at: At): void {
  const { sequence, timeMs } = at;
  const { id: _id, ...facts } = work;
  // Sent twice, the later one counts.
  const before = open.running.find(({ attempt }) => attempt === work.attempt);
  if (before !== undefined) drop(state, open, before);
  const tooMany = open.running.length >= MOST_RUNNING ? open.running[0] : undefined;
  if (tooMany !== undefined) drop(state, open, tooMany);
  const running: RunningAttempt = { ...facts, workSequence: sequence, sinceMs: timeMs };
  open.running.push(running);
  open.work.push(sequence);
  state.inFlight.set(work.pool, (state.inFlight.get(work.pool) ?? 0) + 1);
  attemptBegan(state.load, factsOf(open, running), timeMs);
  attemptAddressed(state.load, factsOf(open, running), running.worker, sequence);
  if (state.breakers.byKey.size === 0) return;
  const keys = keysBehind(state, open.program, running);
  evolveBreakers(state.breakers, { kind: "began", sequence, timeMs, keys });
}

export interface FailedAttempt {
  attempt: number;
  implementation: string;
  durationMs: number;
  workSequence: number;
  error: WireError;
}

/**
 * False when the failure changes nothing: it was appended twice, or another attempt has overtaken it. An inline attempt
 * was never work, nor was one that was not begun: it is the one after those that were.
 */
export function attemptFailed(state: RouterState, open: OpenRequest, failed: FailedAttempt, at: At): boolean {
  const { sequence, timeMs } = at;
  const running = open.running.find(({ attempt }) => attempt === failed.attempt);
  if (running === undefined && failed.attempt !== begunAttempts(open) + 1) return false;
  const { error, durationMs } = failed;
  if (running !== undefined) {
    drop(state, open, running);
    attemptTook(state.load, factsOf(open, running), durationMs);
  } else if (wasNotBegun(failed)) {
    return true;
  }
  evolveBreakers(state.breakers, {
    kind: "ended",
    sequence,
    timeMs,
    beganMs: running?.sinceMs ?? timeMs - durationMs,
    keys: keysBehind(state, open.program, running ?? failed, isSameAgain(open, failed)),
    error,
  });
  return true;
}

/** The same request got no fitting answer from the same implementation before: that may lie in the request. */
function isSameAgain({ attempts }: OpenRequest, { implementation, error: { code } }: FailedAttempt): boolean {
  return (
    isOutput(code) &&
    attempts.some((one) => one.implementation === implementation && isOutput(one.error?.code))
  );
}

function isOutput(code: ErrorCode | undefined): boolean {
  return code === "output_invalid" || code === "output_parse_error";
}

/** Written by a router in place of an attempt that it did not make. */
function wasNotBegun({ workSequence, error }: FailedAttempt): boolean {
  return workSequence === 0 && (error.code === "overloaded" || error.code === "circuit_open");
}

/** All that the request had under way is over. `open.running` still tells what it was. */
export function requestEnded(
  state: RouterState,
  open: OpenRequest,
  ending: Ending | undefined,
  at: At,
): void {
  const { sequence, timeMs } = at;
  const { answered, isLate } = ending ?? {};
  for (const running of open.running) {
    release(state, open, running);
    const isWinner = running.attempt === answered?.attempt;
    // One that somebody else has overtaken, or that was too slow, had taken so long at least.
    if (isWinner) attemptTook(state.load, factsOf(open, running), answered.durationMs);
    else if (answered !== undefined || isLate)
      attemptTook(state.load, factsOf(open, running), timeMs - running.sinceMs);
    if (state.breakers.byKey.size === 0) continue;
    evolveBreakers(state.breakers, {
      kind: "ended",
      sequence,
      timeMs,
      beganMs: running.sinceMs,
      keys: keysBehind(state, open.program, running),
      ...(!isWinner && { error: { code: "cancelled" } }),
    });
  }
  if (answered === undefined || state.breakers.byKey.size === 0) return;
  if (open.running.some(({ attempt }) => attempt === answered.attempt)) return;
  evolveBreakers(state.breakers, {
    kind: "ended",
    sequence,
    timeMs,
    beganMs: timeMs - answered.durationMs,
    keys: keysBehind(state, open.program, answered),
  });
}

/** Nobody waits for it any more. */
export function requestForgotten(state: RouterState, open: OpenRequest): void {
  for (const running of open.running) release(state, open, running);
}

function drop(state: RouterState, open: OpenRequest, running: RunningAttempt): void {
  release(state, open, running);
  open.running.splice(open.running.indexOf(running), 1);
}

function release(state: RouterState, open: OpenRequest, running: RunningAttempt): void {
  const left = (state.inFlight.get(running.pool) ?? 1) - 1;
  if (left > 0) state.inFlight.set(running.pool, left);
  else state.inFlight.delete(running.pool);
  attemptEnded(state.load, factsOf(open, running));
  addressedEnded(state.load, factsOf(open, running), running.worker);
}

function factsOf(
  { id, program }: OpenRequest,
  { attempt, implementation, pool }: RunningAttempt,
): AttemptFacts {
  return { id, program, attempt, implementation, pool };
}

const NO_KEYS: readonly string[] = [];

/** Of the version that ran; inline attempts do not say which it was, most likely the current one. */
function keysBehind(
  { programs }: RouterState,
  program: string,
  { version, implementation: name }: { version?: string; implementation: string },
  onlyShared = false,
): readonly string[] {
  const entry = programs.get(program);
  const definition = entry?.versions.get(version ?? entry.current);
  const implementation = definition?.implementations.find((one) => one.name === name);
  if (definition === undefined || implementation === undefined) return NO_KEYS;
  return onlyShared ? keysOf(definition, implementation).shared : breakerKeys(definition, implementation);
}
