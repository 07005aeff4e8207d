// Pure: closes the gap between the processes that are wanted and those that are there. Names without a process
// come first, a few at once; spares only when every name is served, one after the other: imports keep a core busy for
// seconds, which the first answers need more.

import type { Action, Decided, Moment } from "./action.ts";
import {
  isServed,
  type PoolProcess,
  type PoolState,
  processesOf,
  type State,
  withProcess,
  workerNames,
} from "./state.ts";

/** `before` = the actions that come first. */
export function reconcile(state: State, before: Action[], moment: Moment): Decided {
  if (state.stopping) {
    const actions: Action[] =
      Object.keys(state.processes).length === 0 ? [...before, { kind: "finished" }] : before;
    return { state, actions };
  }
  let decided: Decided = { state, actions: before };
  for (const pool of Object.values(state.pools)) decided = serveNames(decided, pool, moment);
  const sparesFromMs = state.sparesFromMs ?? firstSparesFrom(decided.state, moment);
  if (sparesFromMs === undefined) return decided;
  decided = { ...decided, state: { ...decided.state, sparesFromMs } };
  if (moment.nowMs < sparesFromMs) return decided;
  for (const pool of Object.values(state.pools)) {
    if (startingIn(decided.state) === 0) decided = fillSpare(decided, pool, moment);
  }
  return decided;
}

function firstSparesFrom(state: State, { nowMs }: Moment): number | undefined {
  return isServed(state) ? nowMs + state.limits.firstSparesAfterMs : undefined;
}

function startingIn(state: State): number {
  return Object.values(state.processes).filter(({ status }) => status === "starting").length;
}

function serveNames({ state, actions }: Decided, pool: PoolState, moment: Moment): Decided {
  let decided: Decided = { state, actions };
  for (const worker of workerNames(pool.settings)) {
    const there = processesOf(decided.state, pool.settings.pool).filter(
      ({ status }) => status !== "draining",
    );
    if (there.some((process) => process.worker === worker)) continue;
    const spares = there.filter((process) => process.worker === undefined);
    const warm = spares.find(({ status }) => status === "warm");
    if (warm !== undefined) decided = give(decided, warm, worker, moment);
    // One that is importing already will be ready before a new one: it gets the name then.
    else if (spares.length === 0 && mayStart(decided.state, pool, moment))
      decided = spawn(decided, pool, worker, moment);
  }
  return decided;
}

function mayStart(state: State, { notBeforeMs }: PoolState, { nowMs }: Moment): boolean {
  return nowMs >= notBeforeMs && startingIn(state) < state.limits.startsAtOnce;
}

function fillSpare(decided: Decided, pool: PoolState, moment: Moment): Decided {
  const { settings } = pool;
  if (settings.processes === 0 || !mayStart(decided.state, pool, moment)) return decided;
  const spares = processesOf(decided.state, settings.pool).filter(
    ({ status, worker }) => status !== "draining" && worker === undefined,
  );
  return spares.length < settings.spares ? spawn(decided, pool, undefined, moment) : decided;
}

function give({ state, actions }: Decided, spare: PoolProcess, worker: string, { nowMs }: Moment): Decided {
  const taken: PoolProcess = { ...spare, worker, status: "starting", startedAtMs: nowMs, sinceMs: nowMs };
  const { process, incarnation } = taken;
  // The name first: what is given back should find a worker that asks for it.
  return {
    state: withProcess(state, taken),
    actions: [{ kind: "take", process, worker, incarnation }, ...actions],
  };
}

function spawn(
  { state, actions }: Decided,
  { settings: { pool } }: PoolState,
  worker: string | undefined,
  { nowMs }: Moment,
): Decided {
  const process = state.nextProcess;
  const named = worker === undefined ? {} : { worker };
  const incarnation = `${state.run}-${process}`;
  const started: PoolProcess = {
    process,
    pool,
    ...named,
    incarnation,
    status: "starting",
    startedAtMs: nowMs,
    sinceMs: nowMs,
    modules: [],
  };
  return {
    state: { ...withProcess(state, started), nextProcess: process + 1 },
    actions: [...actions, { kind: "spawn", process, pool, ...named, incarnation }],
  };
}
