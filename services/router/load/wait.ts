// How long work waits for a worker: the next free worker of a pool takes what is next, so the earliest finish within a
// pool needs no choice; between pools this is what to compare. Pure.

import type { Load } from "./state.ts";

/** The TypeScript worker has no supervisor that would tell its slots: `nativeSlots` as it is by default. */
const NATIVE_SLOTS = 16;

/** Requests that a pool works on at once; undefined = none of its workers has been seen. */
export function slotsOf(load: Load, pool: string): number | undefined {
  const seen = seenSlots(load, pool);
  if (seen > 0) return seen;
  return pool === "native" ? NATIVE_SLOTS : undefined;
}

/** Of the pool's workers that the log tells of. */
export function seenSlots({ workers }: Load, pool: string): number {
  let slots = 0;
  for (const worker of workers.get(pool)?.values() ?? []) slots += worker.slots;
  return slots;
}

/** Until a slot is free for one more, ms; 0 where nothing is known. `inFlight` = unfinished work of the pool. */
export function expectedWaitMs(load: Load, pool: string, inFlight: number): number {
  const slots = slotsOf(load, pool);
  const mean = load.poolTimes.get(pool)?.meanMs;
  if (slots === undefined || mean === undefined) return 0;
  return (Math.max(0, inFlight + 1 - slots) * mean) / slots;
}

/** One more would start at once. */
export function hasRoom(load: Load, pool: string, inFlight: number): boolean {
  const slots = slotsOf(load, pool);
  return slots === undefined || inFlight < slots;
}
