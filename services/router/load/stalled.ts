// Implementations whose attempts do not come back: seen while they are on their way, long before a deadline or a timeout
// turns them into failures. Pure.

import type { Load } from "./state.ts";

const OVERDUE_AT_P95 = 2;
const OVERDUE_AT_MEAN = 4;
/** What is shorter may be a pause of a process, or a wait in a burst. */
const LEAST_OVERDUE_MS = 1_000;
/** So many, and half of all that are under way. */
const STALLED_FROM = 3;

/**
 * @param key as of `runningKey`.
 * @param p95Ms as learned; undefined = not learned yet. Asked only where it matters.
 */
export function isStalled(load: Load, key: string, p95Ms: () => number | undefined, nowMs: number): boolean {
  const running = load.running.get(key);
  if (running === undefined || running.size < STALLED_FROM) return false;
  let since = nowMs - LEAST_OVERDUE_MS;
  const oldestMs = running.values().next().value as number;
  if (oldestMs >= since) return false;
  const learnedMs = p95Ms();
  const usualMs =
    learnedMs === undefined
      ? OVERDUE_AT_MEAN * (load.times.get(key)?.meanMs ?? Number.POSITIVE_INFINITY)
      : OVERDUE_AT_P95 * learnedMs;
  since = Math.min(since, nowMs - usualMs);
  // They are in order of their start: it is stalled if the one in the middle is overdue.
  let left = Math.max(STALLED_FROM, Math.ceil(running.size / 2));
  for (const startedMs of running.values()) {
    if (startedMs >= since) return false;
    if (--left === 0) return true;
  }
  return false;
}
