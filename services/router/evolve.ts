// state + event → state, for routers. One case an event.

import { parseRequestId } from "../../schemas/envelope/ids.ts";
import type { CanaryStarted } from "../../schemas/messages/version-event.ts";
import { evolvePolicy } from "../learning/policy/evolve.ts";
import { isFrozen } from "../learning/policy/state.ts";
import { armsOf } from "../learning/statistics/arms.ts";
import type { LearningEvent } from "../learning/statistics/event.ts";
import { evolve as evolveLearning } from "../learning/statistics/evolve.ts";
import { evolveView } from "../sessions/turns.ts";
import { evolveValues } from "../variables/evolve.ts";
import type { RouterEvent } from "./event.ts";
import type { Intake } from "./intake.ts";
import { workerFound, workerGone, workerSilent, workerStarted } from "./load/evolve.ts";
import { attemptFailed, requestEnded, requestForgotten, workSent } from "./running.ts";
import {
  type ConnectionWindow,
  openRequest,
  type ProgramEntry,
  ROUTER_BOUNDS,
  type RouterState,
} from "./state.ts";

export function evolve(state: RouterState, event: RouterEvent): RouterState {
  state.sequence = event.sequence;
  state.timeMs = event.timeMs;
  switch (event.kind) {
    case "request":
      requestArrived(state, event.intake);
      return state;
    case "work": {
      const open = state.open.get(event.work.id);
      if (open !== undefined) workSent(state, open, event.work, event);
      return state;
    }
    case "attempt-failed": {
      learn(state, event.learned);
      const open = state.open.get(event.failed.id);
      if (open === undefined || !attemptFailed(state, open, event.failed, event)) return state;
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
      open.failedMs = event.timeMs;
      return state;
    }
    case "result": {
      learn(state, event.learned);
      const open = state.open.get(event.id);
      if (open !== undefined) {
        requestEnded(state, open, event.ending, event);
        state.open.delete(event.id);
      } else {
        // Its request may lie before the head of the log.
        see(state, event.id);
      }
      rememberAnswered(state, event.id);
      turnAnswered(state, event);
      return state;
    }
    case "program-registered": {
      const { name, version } = event.definition;
      const entry: ProgramEntry = state.programs.get(name) ?? { current: version, versions: new Map() };
      entry.current = version;
      if (entry.canary !== undefined && entry.canary.base !== version) delete entry.canary;
      entry.versions.delete(version);
      entry.versions.set(version, event.definition);
      evictOldest(entry.versions, ROUTER_BOUNDS.versions);
      state.programs.set(name, entry);
      const arms = armsOf(event.definition);
      evolveLearning(state.learning, {
        kind: "arms-declared",
        sequence: event.sequence,
        program: name,
        arms,
      });
      return state;
    }
    case "canary-started":
      canaryStarted(state, event.canary);
      return state;
    case "version-chosen": {
      // It comes into use with its registration, which follows; told again, it is the one in use.
      const entry = state.programs.get(event.name);
      if (entry?.canary?.base !== event.version) delete entry?.canary;
      return state;
    }
    case "version-withdrawn": {
      const entry = state.programs.get(event.name);
      if (entry?.canary?.version === event.version) delete entry.canary;
      return state;
    }
    case "program-removed":
      state.programs.delete(event.name);
      evolveLearning(state.learning, { ...event, program: event.name });
      return state;
    case "worker-started":
      workerStarted(state.load, event.worker, event.worker.slots);
      return state;
    case "worker-gone":
      workerGone(state.load, event.worker);
      return state;
    case "worker-silent":
      workerSilent(state.load, event.worker);
      return state;
    case "worker-found":
      workerFound(state.load, event.worker);
      return state;
    case "feedback":
      learn(state, event.learned);
      return state;
    case "session":
      evolveView(state.sessions, event.session);
      return state;
    case "variable":
      evolveValues(state.variables, event.variable);
      return state;
    case "policy":
      evolvePolicy(state.policy, event.policy);
      return state;
    default: {
      const unknown: never = event;
      void unknown;
      return state;
    }
  }
}

/** Only beside the version that it was to be tried beside: another one may have come into use meanwhile. */
function canaryStarted(state: RouterState, { definition, base, share }: CanaryStarted): void {
  const { name, version } = definition;
  const entry = state.programs.get(name);
  const current = entry?.versions.get(base);
  if (entry === undefined || current === undefined || entry.current !== base) return;
  entry.canary = { version, base, share };
  entry.versions.delete(version);
  entry.versions.set(version, definition);
  // Needed now, so the last to be evicted.
  entry.versions.delete(base);
  entry.versions.set(base, current);
  evictOldest(entry.versions, ROUTER_BOUNDS.versions);
}

/** While frozen nothing is learned of a program. */
function learn(state: RouterState, learned: LearningEvent | undefined): void {
  if (learned === undefined || !("place" in learned)) return;
  if (!isFrozen(state.policy, learned.place.program)) evolveLearning(state.learning, learned);
}

/** The next turn of the session waits until the sessions service has told of this one. */
function turnAnswered(
  state: RouterState,
  { id, sequence, timeMs, ending }: Extract<RouterEvent, { kind: "result" }>,
): void {
  const session = ending?.session;
  const user = session === undefined ? undefined : parseRequestId(id)?.user;
  if (user === undefined || session === undefined) return;
  evolveView(state.sessions, { kind: "result", user, session, id, sequence, timeMs });
}

function requestArrived(state: RouterState, intake: Intake): void {
  forgetAnswered(state, intake.timeMs);
  if (state.open.has(intake.id)) return;
  const seen = see(state, intake.id);
  if (seen === "before") return;
  if (state.open.size >= ROUTER_BOUNDS.open && !evictOverdue(state, intake.timeMs)) return;
  state.open.set(intake.id, openRequest(intake, seen === "perhaps"));
  const session = intake.request?.options.session;
  if (session !== undefined) evolveView(state.sessions, { kind: "request", ...intake, session });
}

/** `perhaps`: so long ago, or so far out of order, that it is no longer known. */
type Seen = "never" | "before" | "perhaps";

/** Marks the id as seen; tells whether it had been seen before. */
function see(state: RouterState, id: string): Seen {
  const parsed = parseRequestId(id);
  if (parsed?.kind !== "connection") {
    if (state.answered.has(id)) return "before";
    // The log gives out an id once; all others may have been answered and forgotten.
    return parsed?.kind !== "log" && state.answered.size >= ROUTER_BOUNDS.answered ? "perhaps" : "never";
  }
  const { n } = parsed;
  // A piece of the id: put together from its tokens the key would be made, and hashed, anew each time.
  const key = id.slice(0, id.lastIndexOf("."));
  const window = state.connections.get(key);
  if (window === undefined) {
    const isFull = state.connections.size >= ROUTER_BOUNDS.connections;
    state.connections.set(key, moved({ highest: 0, forgotten: 0, unseen: new Set() }, n));
    evictOldest(state.connections, ROUTER_BOUNDS.connections);
    return isFull ? "perhaps" : "never";
  }
  state.connections.delete(key);
  state.connections.set(key, window);
  if (n > window.highest) {
    moved(window, n);
    return "never";
  }
  if (window.unseen.delete(n)) return "never";
  return n <= window.forgotten ? "perhaps" : "before";
}

/** The window with a new highest number: those between are unseen, the oldest beyond the bound forgotten. */
function moved(window: ConnectionWindow, highest: number): ConnectionWindow {
  const { unseen } = window;
  const from = Math.max(window.highest + 1, highest - ROUTER_BOUNDS.unseen);
  if (from > window.highest + 1) window.forgotten = from - 1;
  for (let n = from; n < highest; n++) unseen.add(n);
  while (unseen.size > ROUTER_BOUNDS.unseen) {
    const oldest = unseen.values().next().value as number;
    unseen.delete(oldest);
    window.forgotten = Math.max(window.forgotten, oldest);
  }
  window.highest = highest;
  return window;
}

function rememberAnswered(state: RouterState, id: string): void {
  const second = id.indexOf(".") + 1;
  // Ids of connections have their window; ids given by the log are never sent again.
  if (id.charAt(second + 1) !== "." || !"xpot".includes(id.charAt(second))) return;
  state.answered.delete(id);
  state.answered.add(id);
  if (state.answered.size > ROUTER_BOUNDS.answered) dropOldest(state.answered);
}

/** A set's oldest is asked for again and again: each time from where it was, for all before it are deleted. */
const oldest = new WeakMap<ReadonlySet<string>, Iterator<string>>();

/** `ids` never gets smaller otherwise. To begin at its first each time is a look at all that were deleted: 8 µs. */
function dropOldest(ids: Set<string>): void {
  const next = oldest.get(ids) ?? ids.values();
  oldest.set(ids, next);
  ids.delete(next.next().value as string);
}

/** Those that had been answered before get no result that would end them. */
function forgetAnswered(state: RouterState, nowMs: number): void {
  for (const [id, open] of state.open) {
    if (!open.perhapsAnswered || open.deadlineAtMs + 60_000 > nowMs) return;
    requestForgotten(state, open);
    state.open.delete(id);
  }
}

/** Forgets requests whose deadline passed long ago: their result is stored, or nobody waits for it. */
function evictOverdue(state: RouterState, nowMs: number): boolean {
  const before = state.open.size;
  for (const [id, open] of state.open) {
    if (open.deadlineAtMs + 60_000 > nowMs) break;
    requestForgotten(state, open);
    state.open.delete(id);
  }
  return state.open.size < before;
}

function evictOldest<V>(map: Map<string, V>, bound: number): void {
  while (map.size > bound) map.delete(map.keys().next().value as string);
}
