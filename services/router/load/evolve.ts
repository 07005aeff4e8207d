// Load + what happened to workers and attempts → load.

import { type Load, MAX_RUN_TIMES, placeKey, type RunTime, runningKey } from "./state.ts";

/** Weight of the newest run in the mean, once there were some. */
const NEWEST = 0.1;
/** More workers than a namespace can have; beyond it the oldest is forgotten. */
const MAX_WORKERS = 256;
const MAX_POOLS = 64;

export interface WorkerFacts {
  pool: string;
  worker: string;
  incarnation: string;
}

/** Which attempt of which request, and where it runs. */
export interface AttemptFacts {
  id: string;
  attempt: number;
  program: string;
  implementation: string;
  pool: string;
}

/** Work for whoever is free. */
const ANY = "any";

export function workerStarted(load: Load, { pool, worker, incarnation }: WorkerFacts, slots: number): void {
  load.silent.delete(placeKey(pool, worker));
  const workers = load.workers.get(pool) ?? new Map();
  workers.set(worker, { incarnation, slots });
  evictOldest(workers, MAX_WORKERS);
  load.workers.set(pool, workers);
  evictOldest(load.workers, MAX_POOLS);
}

/** Its name may have been taken over already by the one that replaces it. */
export function workerGone(load: Load, { pool, worker, incarnation }: WorkerFacts): void {
  const place = placeKey(pool, worker);
  if (load.silent.get(place)?.incarnation === incarnation) load.silent.delete(place);
  const workers = load.workers.get(pool);
  if (workers?.get(worker)?.incarnation !== incarnation) return;
  workers.delete(worker);
  if (workers.size === 0) load.workers.delete(pool);
}

/** Nobody has seen its end: it counts as gone until it is heard again. */
export function workerSilent(load: Load, facts: WorkerFacts): void {
  const living = load.workers.get(facts.pool)?.get(facts.worker);
  workerGone(load, facts);
  if (living?.incarnation !== facts.incarnation) return;
  load.silent.set(placeKey(facts.pool, facts.worker), living);
  evictOldest(load.silent, MAX_WORKERS);
}

/** Told by each router that hears it: the first one counts. */
export function workerFound(load: Load, facts: WorkerFacts): void {
  const silent = load.silent.get(placeKey(facts.pool, facts.worker));
  if (silent?.incarnation === facts.incarnation) workerStarted(load, facts, silent.slots);
}

export function attemptBegan(load: Load, facts: AttemptFacts, timeMs: number): void {
  const key = runningKey(facts.program, facts.implementation);
  const running = load.running.get(key);
  if (running === undefined) load.running.set(key, new Map([[nameOf(facts), timeMs]]));
  else running.set(nameOf(facts), timeMs);
}

/** It has ended, or nobody waits for it any more. */
export function attemptEnded(load: Load, facts: AttemptFacts): void {
  const key = runningKey(facts.program, facts.implementation);
  const running = load.running.get(key);
  if (running?.delete(nameOf(facts)) && running.size === 0) load.running.delete(key);
}

/** Its work was sent to one worker alone. */
export function attemptAddressed(
  { addressed }: Load,
  facts: AttemptFacts,
  worker: string,
  workSequence: number,
): void {
  if (worker === ANY) return;
  const key = placeKey(facts.pool, worker);
  const attempts = addressed.get(key);
  if (attempts === undefined) addressed.set(key, new Map([[nameOf(facts), workSequence]]));
  else attempts.set(nameOf(facts), workSequence);
}

export function addressedEnded({ addressed }: Load, facts: AttemptFacts, worker: string): void {
  if (worker === ANY) return;
  const key = placeKey(facts.pool, worker);
  const attempts = addressed.get(key);
  if (attempts?.delete(nameOf(facts)) && attempts.size === 0) addressed.delete(key);
}

/** How long one took; of one that was given up, how long it had taken until then. */
export function attemptTook(
  load: Load,
  { program, implementation, pool }: Pick<AttemptFacts, "program" | "implementation" | "pool">,
  durationMs: number,
): void {
  observe(load.poolTimes, pool, durationMs);
  evictOldest(load.poolTimes, MAX_POOLS);
  observe(load.times, runningKey(program, implementation), durationMs);
  evictOldest(load.times, MAX_RUN_TIMES);
}

function observe(times: Map<string, RunTime>, key: string, durationMs: number): void {
  const known = times.get(key);
  times.delete(key);
  if (known === undefined) {
    times.set(key, { meanMs: durationMs, count: 1 });
    return;
  }
  // The first ones count alike; the count need not go on for ever.
  known.count = Math.min(known.count + 1, 1 / NEWEST);
  known.meanMs += (durationMs - known.meanMs) / known.count;
  times.set(key, known);
}

function nameOf({ id, attempt }: AttemptFacts): string {
  return `${id}/${attempt}`;
}

function evictOldest<V>(map: Map<string, V>, bound: number): void {
  while (map.size > bound) map.delete(map.keys().next().value as string);
}
