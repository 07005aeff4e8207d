// Pure: what happened to the processes + when → what to do about it.
//
//   crash ─▶ name to the warm spare ─▶ nak what it held ─▶ worker.lost ─▶ start another spare, after a pause
//            └─ no spare: start one under the name, after a pause that doubles with each crash in a row

import type { WorkerLost, WorkerStarted, WorkerStopped } from "../../schemas/messages/worker-event.ts";
import { LOG_STREAM, workConsumer } from "../../schemas/subjects.ts";
import type { Action, Decided, Moment, ProcessEvent } from "./action.ts";
import { reconcile } from "./reconcile.ts";
import { type PoolProcess, processesOf, type State, withoutProcess, withPool, withProcess } from "./state.ts";

export function decide(state: State, event: ProcessEvent, moment: Moment): Decided {
  switch (event.kind) {
    case "begin":
      return reconcile(state, [], moment);
    case "warm":
      return onWarm(state, event.process, moment);
    case "ready":
      return onReady(state, event, moment);
    case "exited":
      return onExited(state, event, moment);
    case "beat":
      return onBeat(state, event, moment);
    case "recycle-asked": {
      const process = state.processes[event.process];
      return process === undefined ? nothing(state) : recycle(state, process, event.reason, moment);
    }
    case "connected":
      return nothing({ ...state, connected: true, judgeFromMs: moment.nowMs + state.limits.beatGraceMs });
    case "disconnected":
      return nothing({ ...state, connected: false });
    case "tick":
      return onTick(state, moment);
    case "stop":
      return onStop(state, moment);
    default:
      event satisfies never;
      return nothing(state);
  }
}

const nothing = (state: State): Decided => ({ state, actions: [] });

function onWarm(state: State, number: number, moment: Moment): Decided {
  const process = state.processes[number];
  if (process?.status !== "starting" || process.worker !== undefined) return nothing(state);
  const warm: PoolProcess = { ...process, status: "warm", sinceMs: moment.nowMs };
  const report: Action = {
    kind: "report",
    level: "info",
    message: "a spare is warm",
    fields: { pool: process.pool },
  };
  return reconcile(withProcess(state, warm), [report], moment);
}

function onReady(state: State, event: Extract<ProcessEvent, { kind: "ready" }>, moment: Moment): Decided {
  const process = state.processes[event.process];
  if (process === undefined || process.status !== "starting") return nothing(state);
  const ready: PoolProcess = {
    ...process,
    status: "ready",
    sinceMs: moment.nowMs,
    beatAtMs: moment.nowMs,
    modules: event.modules,
  };
  const { pool, worker, incarnation, modules } = ready;
  const slots = state.pools[pool]?.settings.slots;
  if (worker === undefined || slots === undefined) return nothing(state);
  const data: WorkerStarted = { pool, worker, incarnation, slots, modules: [...modules] };
  const started: Action = { kind: "append", verb: "started", process: ready.process, data };
  return reconcile(withProcess(state, ready), [started], moment);
}

function onExited(state: State, event: Extract<ProcessEvent, { kind: "exited" }>, moment: Moment): Decided {
  const process = state.processes[event.process];
  if (process === undefined) return nothing(state);
  const gone = withoutProcess(state, event.process);
  const { pool, worker, incarnation, ending } = process;
  const pid = event.pid === undefined ? {} : { pid: event.pid };
  const actions: Action[] = [];
  // A pool runs users' code: what it says to hold is given back where it is the pool's own work.
  const held = event.held.filter(({ ackSubject }) => isWorkOf(pool, ackSubject));
  if (held.length > 0) actions.push({ kind: "nak", held });

  const expected = ending !== undefined && event.signal !== "SIGKILL";
  if (worker !== undefined && expected) {
    const data: WorkerStopped = { pool, worker, incarnation, ...pid, reason: ending.reason };
    actions.push({ kind: "append", verb: "stopped", process: process.process, data });
  } else if (worker !== undefined) {
    const gaveBack = held.map(({ sequence }) => sequence).sort((a, b) => a - b);
    const { exitCode, signal } = event;
    const data: WorkerLost = { pool, worker, incarnation, ...pid, exitCode, signal, gaveBack };
    actions.push({ kind: "append", verb: "lost", process: process.process, data });
  }
  if (ending !== undefined) return reconcile(gone, actions, moment);

  const { exitCode, signal } = event;
  const said = event.lastWords === undefined || event.lastWords === "" ? {} : { said: event.lastWords };
  const fields = { pool, worker: worker ?? "spare", exitCode, signal, gaveBack: held.length, ...said };
  const message = process.status === "starting" ? "a process ended before it was ready" : "a process died";
  actions.push({ kind: "report", level: "warn", message, fields });
  return reconcile(afterCrash(gone, process, moment), actions, moment);
}

/** Of a message that one of the pool's own consumers has delivered. */
function isWorkOf(pool: string, ackSubject: string): boolean {
  const [before = "", after] = ackSubject.split(`.${LOG_STREAM}.${workConsumer(pool, "0").slice(0, -1)}`);
  return before.startsWith("$JS.ACK") && after !== undefined;
}

/** The first crash costs no pause; each further one in a row doubles it, with jitter so that pools do not move in step. */
function afterCrash(state: State, process: PoolProcess, { nowMs, random }: Moment): State {
  const pool = state.pools[process.pool];
  if (pool === undefined) return state;
  const { firstBackoffMs, longestBackoffMs, healthyAfterMs } = state.limits;
  const healthy = process.status === "ready" && nowMs - process.sinceMs >= healthyAfterMs;
  const crashes = healthy ? 1 : pool.crashes + 1;
  const pauseMs =
    crashes === 1 ? 0 : Math.min(firstBackoffMs * 2 ** (crashes - 2), longestBackoffMs) * (0.75 + random / 2);
  return withPool(state, process.pool, { crashes, notBeforeMs: nowMs + pauseMs });
}

function onBeat(state: State, event: Extract<ProcessEvent, { kind: "beat" }>, moment: Moment): Decided {
  const process = processesOf(state, event.pool).find(
    ({ worker, incarnation }) => worker === event.worker && incarnation === event.incarnation,
  );
  if (process === undefined) return nothing(state);
  const seen = withProcess(state, { ...process, beatAtMs: moment.nowMs });
  const maxRssBytes = state.pools[event.pool]?.settings.maxRssBytes ?? Number.POSITIVE_INFINITY;
  return process.status === "ready" && event.rssBytes > maxRssBytes
    ? recycle(seen, process, `it uses ${event.rssBytes} bytes of memory, ${maxRssBytes} are allowed`, moment)
    : nothing(seen);
}

/** Its name goes to the spare at once; it ends when it has finished what it holds. */
function recycle(state: State, process: PoolProcess, reason: string, moment: Moment): Decided {
  if (process.status === "draining" || state.stopping) return nothing(state);
  const draining = drained(process, "recycled", moment.nowMs, state.limits.drainTimeoutMs);
  const actions: Action[] = [
    {
      kind: "report",
      level: "info",
      message: "a process is replaced",
      fields: { pool: process.pool, worker: process.worker ?? "spare", reason },
    },
    { kind: "drain", process: process.process },
  ];
  return reconcile(withProcess(state, draining), actions, moment);
}

function onTick(state: State, moment: Moment): Decided {
  const { limits } = state;
  const { nowMs } = moment;
  // This process itself stood still: silence of the others then means nothing.
  const paused = nowMs - state.lastTickMs > limits.beatTimeoutMs / 2;
  let next: State = {
    ...state,
    lastTickMs: nowMs,
    judgeFromMs: paused ? nowMs + limits.beatGraceMs : state.judgeFromMs,
  };
  const actions: Action[] = [];
  const kill = (process: PoolProcess, why: string): void => {
    const fields = { pool: process.pool, worker: process.worker ?? "spare", why };
    actions.push({ kind: "report", level: "warn", message: "a process is killed", fields });
    actions.push({ kind: "kill", process: process.process });
  };
  for (const process of Object.values(state.processes)) {
    if (process.status === "starting" && nowMs - process.startedAtMs > limits.startTimeoutMs) {
      kill(process, `not ready within ${limits.startTimeoutMs} ms`);
    } else if (process.ending !== undefined && nowMs >= process.ending.killAtMs) {
      kill(process, "it did not end when it was told to");
    } else if (isSilent(next, process, nowMs)) {
      kill(process, `no beat for ${limits.beatTimeoutMs} ms`);
    }
  }
  for (const [pool, { crashes }] of Object.entries(next.pools)) {
    const healthy = processesOf(next, pool).some(
      ({ status, worker, sinceMs }) =>
        status === "ready" && worker !== undefined && nowMs - sinceMs >= limits.healthyAfterMs,
    );
    if (crashes > 0 && healthy) next = withPool(next, pool, { crashes: 0 });
  }
  return reconcile(next, actions, moment);
}

/** Spares do not beat, and a draining one may be too busy ending: it has its own time limit. */
function isSilent(state: State, process: PoolProcess, nowMs: number): boolean {
  if (!state.connected || nowMs < state.judgeFromMs) return false;
  if (process.status !== "ready" || process.worker === undefined) return false;
  if (nowMs - process.sinceMs < state.limits.beatGraceMs) return false;
  return nowMs - (process.beatAtMs ?? process.sinceMs) > state.limits.beatTimeoutMs;
}

function onStop(state: State, moment: Moment): Decided {
  if (state.stopping) return nothing(state);
  let next: State = { ...state, stopping: true };
  const actions: Action[] = [];
  for (const process of Object.values(state.processes)) {
    next = withProcess(next, drained(process, "shutdown", moment.nowMs, state.limits.stopTimeoutMs));
    actions.push({ kind: "drain", process: process.process });
  }
  return reconcile(next, actions, moment);
}

function drained(
  process: PoolProcess,
  reason: "recycled" | "shutdown",
  nowMs: number,
  timeoutMs: number,
): PoolProcess {
  return { ...process, status: "draining", sinceMs: nowMs, ending: { reason, killAtMs: nowMs + timeoutMs } };
}
