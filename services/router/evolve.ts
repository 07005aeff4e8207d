// state + event → state, for routers. One case an event.

import { parseRequestId } from "../../schemas/envelope/ids.ts";
import type { RouterEvent, WorkFacts } from "./event.ts";
import type { Intake } from "./intake.ts";
import { type OpenRequest, openRequest, ROUTER_BOUNDS, type RouterState } from "./state.ts";

export function evolve(state: RouterState, event: RouterEvent): RouterState {
  state.sequence = event.sequence;
  switch (event.kind) {
    case "request":
      requestArrived(state, event.intake);
      return state;
    case "work":
      workDispatched(state, event.sequence, event.work);
      return state;
    case "attempt-failed": {
      const open = state.open.get(event.failed.id);
      if (open === undefined) return state;
      // A failure that was appended twice, or of an attempt that another one has overtaken, changes nothing. An
      // inline attempt was never work: it is the one after the failures so far.
      const expected = open.running?.attempt ?? open.attempts.length + 1;
      if (event.failed.attempt !== expected) return state;
      release(state, open);
      const { attempt, implementation, pool, worker, startedAt, durationMs, error, usage } = event.failed;
      open.attempts.push({
        attempt,
        implementation,
        pool,
        worker,
        startedAt,
        durationMs,
        error,
        ...(usage !== undefined && { usage }),
      });
      open.failures.push(event.sequence);
      open.lastFailure = event.failed;
      return state;
    }
    case "result": {
      const open = state.open.get(event.id);
      if (open !== undefined) {
        release(state, open);
        state.open.delete(event.id);
      } else {
        // Its request may lie before the head of the log.
        wasSeen(state, event.id);
      }
      rememberAnswered(state, event.id);
      return state;
    }
    case "program-registered": {
      const { name, version } = event.definition;
      const entry = state.programs.get(name) ?? { current: version, versions: new Map() };
      entry.current = version;
      entry.versions.delete(version);
      entry.versions.set(version, event.definition);
      evictOldest(entry.versions, ROUTER_BOUNDS.versions);
      state.programs.set(name, entry);
      return state;
    }
    case "program-removed":
      state.programs.delete(event.name);
      return state;
    default: {
      const unknown: never = event;
      void unknown;
      return state;
    }
  }
}

function requestArrived(state: RouterState, intake: Intake): void {
  if (state.open.has(intake.id) || wasSeen(state, intake.id)) return;
  if (state.open.size >= ROUTER_BOUNDS.open && !evictOverdue(state, intake.timeMs)) return;
  state.open.set(intake.id, openRequest(intake));
}

function workDispatched(state: RouterState, sequence: number, work: WorkFacts): void {
  const open = state.open.get(work.id);
  if (open === undefined) return;
  release(state, open);
  open.running = {
    attempt: work.attempt,
    implementation: work.implementation,
    pool: work.pool,
    worker: work.worker,
    workSequence: sequence,
  };
  open.work.push(sequence);
  state.inFlight.set(work.pool, (state.inFlight.get(work.pool) ?? 0) + 1);
}

function release(state: RouterState, open: OpenRequest): void {
  if (open.running === undefined) return;
  const left = (state.inFlight.get(open.running.pool) ?? 1) - 1;
  if (left > 0) state.inFlight.set(open.running.pool, left);
  else state.inFlight.delete(open.running.pool);
  open.running = undefined;
}

/** Marks the id as seen; true when it had been seen before. */
function wasSeen(state: RouterState, id: string): boolean {
  const parsed = parseRequestId(id);
  if (parsed?.kind !== "connection") return state.answered.has(id);
  const key = `${parsed.user}.${parsed.connection}`;
  const window = state.connections.get(key);
  if (window === undefined) {
    state.connections.set(key, { highest: parsed.n, unseen: numbersBelow(parsed.n, 0) });
    evictOldest(state.connections, ROUTER_BOUNDS.connections);
    return false;
  }
  state.connections.delete(key);
  state.connections.set(key, window);
  if (parsed.n <= window.highest) return !window.unseen.delete(parsed.n);
  for (const n of numbersBelow(parsed.n, window.highest)) window.unseen.add(n);
  while (window.unseen.size > ROUTER_BOUNDS.unseen)
    window.unseen.delete(window.unseen.values().next().value as number);
  window.highest = parsed.n;
  return false;
}

/** The numbers in (above, below), the newest `unseen` of them. */
function numbersBelow(below: number, above: number): Set<number> {
  const numbers = new Set<number>();
  for (let n = Math.max(above + 1, below - ROUTER_BOUNDS.unseen); n < below; n++) numbers.add(n);
  return numbers;
}

function rememberAnswered(state: RouterState, id: string): void {
  const second = id.split(".", 2)[1];
  // Ids of connections have their window; ids given by the log are never sent again.
  if (second !== "x" && second !== "p" && second !== "o" && second !== "t") return;
  state.answered.delete(id);
  state.answered.add(id);
  if (state.answered.size > ROUTER_BOUNDS.answered)
    state.answered.delete(state.answered.values().next().value as string);
}

/** Forgets requests whose deadline passed long ago: their result is stored, or nobody waits for it. */
function evictOverdue(state: RouterState, nowMs: number): boolean {
  const before = state.open.size;
  for (const [id, open] of state.open) {
    if (open.deadlineAtMs + 60_000 > nowMs) break;
    release(state, open);
    state.open.delete(id);
  }
  return state.open.size < before;
}

function evictOldest<V>(map: Map<string, V>, bound: number): void {
  while (map.size > bound) map.delete(map.keys().next().value as string);
}
