// How busy the pools are, from the log alone: slots of the workers that started, how long attempts take, and which are
// on their way since when. Owned by one fold, which changes it in place.

interface WorkerSlots {
  incarnation: string;
  slots: number;
}

/** A moving mean of run times, ms. */
export interface RunTime {
  meanMs: number;
  count: number;
}

export interface Load {
  /** Living workers by pool and name. */
  workers: Map<string, Map<string, WorkerSlots>>;
  /** By `placeKey`: workers that count as lost because no router has heard them; they are back once one hears them. */
  silent: Map<string, WorkerSlots>;
  /** By pool. */
  poolTimes: Map<string, RunTime>;
  /** By implementation (`runningKey`), least recently ended first. */
  times: Map<string, RunTime>;
  /** By implementation: log time at which the work of each unfinished attempt was sent, oldest first. */
  running: Map<string, Map<string, number>>;
  /** By worker (`placeKey`): sequence of the work of each unfinished attempt that was sent to it and nobody else. */
  addressed: Map<string, Map<string, number>>;
}

/** Implementations whose run times are remembered, ~150 B each; least recently ended out. */
export const MAX_RUN_TIMES = 10_000;

/** Key of an implementation in `times` and `running`. */
export function runningKey(program: string, implementation: string): string {
  return `${program}/${implementation}`;
}

/** Key of a worker in `addressed`. */
export function placeKey(pool: string, worker: string): string {
  return `${pool}/${worker}`;
}

export function newLoad(): Load {
  return {
    workers: new Map(),
    silent: new Map(),
    poolTimes: new Map(),
    times: new Map(),
    running: new Map(),
    addressed: new Map(),
  };
}

export interface LoadJson {
  workers: [pool: string, workers: [worker: string, WorkerSlots][]][];
  silent: [place: string, WorkerSlots][];
  poolTimes: [pool: string, RunTime][];
  times: [key: string, RunTime][];
  running: [key: string, attempts: [attempt: string, sinceMs: number][]][];
  addressed: [place: string, attempts: [attempt: string, workSequence: number][]][];
}

/** The same state gives the same text. */
export function loadToJson({ workers, silent, poolTimes, times, running, addressed }: Load): LoadJson {
  return {
    workers: [...workers].map(([pool, of]) => [pool, [...of]]),
    silent: [...silent],
    poolTimes: [...poolTimes],
    times: [...times],
    running: [...running].map(([key, attempts]) => [key, [...attempts]]),
    addressed: [...addressed].map(([place, attempts]) => [place, [...attempts]]),
  };
}

export function loadFromJson(json: LoadJson): Load {
  return {
    workers: new Map(json.workers.map(([pool, of]) => [pool, new Map(of)])),
    silent: new Map(json.silent),
    poolTimes: new Map(json.poolTimes),
    times: new Map(json.times),
    running: new Map(json.running.map(([key, attempts]) => [key, new Map(attempts)])),
    addressed: new Map(json.addressed.map(([place, attempts]) => [place, new Map(attempts)])),
  };
}
