// What the supervisor knows of its processes. This is no fold of the log: the state is about processes of this
// machine and ends with them, so it goes through `decide` alone.

import type { PoolSettings, SupervisorLimits } from "./config.ts";

export interface PoolProcess {
  /** The supervisor's own number for it. */
  process: number;
  pool: string;
  /** The name that it works under; absent = a spare. */
  worker?: string;
  /** One life of a process, in beats and events. */
  incarnation: string;
  /**
   * `starting` = imports, or a spare that was given its name and connects; `warm` = a spare that has imported;
   * `ready` = takes work; `draining` = finishes what it holds and ends, its name is free.
   */
  status: "starting" | "warm" | "ready" | "draining";
  /** When it was started, and since when it is in its present status. */
  startedAtMs: number;
  sinceMs: number;
  modules: readonly string[];
  /** Last beat under its name. */
  beatAtMs?: number;
  /** Why it was told to end. */
  ending?: { reason: "recycled" | "shutdown"; killAtMs: number };
}

export interface PoolState {
  settings: PoolSettings;
  /** Processes that ended unasked, one after the other without a healthy one between. */
  crashes: number;
  /** No start before this. */
  notBeforeMs: number;
}

export interface State {
  limits: SupervisorLimits;
  /** Random and new for each supervisor: makes incarnations unique. */
  run: string;
  pools: Readonly<Record<string, PoolState>>;
  processes: Readonly<Record<number, PoolProcess>>;
  nextProcess: number;
  /** No spare is started before this; absent until every worker was ready once. */
  sparesFromMs?: number;
  stopping: boolean;
  /** While there is no connection to the server no beat can arrive. */
  connected: boolean;
  /** No process is judged by its beats before this. */
  judgeFromMs: number;
  lastTickMs: number;
}

export function initialState(
  pools: readonly PoolSettings[],
  limits: SupervisorLimits,
  run: string,
  nowMs: number,
): State {
  return {
    limits,
    run,
    pools: Object.fromEntries(
      pools.map((settings) => [settings.pool, { settings, crashes: 0, notBeforeMs: 0 }]),
    ),
    processes: {},
    nextProcess: 1,
    stopping: false,
    connected: false,
    judgeFromMs: nowMs + limits.beatGraceMs,
    lastTickMs: nowMs,
  };
}

export function processesOf(state: State, pool: string): PoolProcess[] {
  return Object.values(state.processes).filter((process) => process.pool === pool);
}

/** Names of a pool's workers, from `0`. */
export function workerNames(settings: PoolSettings): string[] {
  return Array.from({ length: settings.processes }, (_, index) => String(index));
}

export function withProcess(state: State, process: PoolProcess): State {
  return { ...state, processes: { ...state.processes, [process.process]: process } };
}

export function withoutProcess(state: State, process: number): State {
  const { [process]: _, ...processes } = state.processes;
  return { ...state, processes };
}

export function withPool(state: State, pool: string, change: Partial<PoolState>): State {
  const known = state.pools[pool];
  return known === undefined
    ? state
    : { ...state, pools: { ...state.pools, [pool]: { ...known, ...change } } };
}

/** Every name has a process that takes work. */
export function isServed(state: State): boolean {
  const processes = Object.values(state.processes);
  return Object.values(state.pools).every(({ settings }) =>
    workerNames(settings).every((worker) =>
      processes.some(
        (process) =>
          process.status === "ready" && process.pool === settings.pool && process.worker === worker,
      ),
    ),
  );
}
