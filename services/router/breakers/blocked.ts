// Whether a breaker lets an attempt through, and from when on. Pure: a question to the state at a time of the log.

import type { Breakers } from "./state.ts";

/** An attempt that tries it and of which nothing is heard is given up after this. */
const TRIAL_MS = 60_000;
/** How soon to ask again while an attempt tries it. */
const TRIAL_RETRY_MS = 1_000;

/** Open, or being tried by another attempt. */
export function isBlocked(breakers: Breakers, key: string, nowMs: number): boolean {
  return blockedUntilMs(breakers, key, nowMs) !== undefined;
}

/** When it makes sense to ask again; undefined = it is not blocked. */
function blockedUntilMs({ byKey }: Breakers, key: string, nowMs: number): number | undefined {
  const breaker = byKey.get(key);
  if (breaker === undefined || breaker.status === "closed") return undefined;
  if (nowMs < breaker.openUntilMs) return breaker.openUntilMs;
  const isTried = breaker.trialMs !== undefined && nowMs < breaker.trialMs + TRIAL_MS;
  return isTried ? nowMs + TRIAL_RETRY_MS : undefined;
}

/** For how long something that depends on all of these keys is blocked, ms; 0 = it is not. */
export function blockedForMs(breakers: Breakers, keys: readonly string[], nowMs: number): number {
  if (breakers.byKey.size === 0) return 0;
  let longest = 0;
  for (const key of keys)
    longest = Math.max(longest, (blockedUntilMs(breakers, key, nowMs) ?? nowMs) - nowMs);
  return longest;
}

/** The keys whose time is over and that nobody tries: the next attempt does. */
export function triableKeys(breakers: Breakers, keys: readonly string[], nowMs: number): readonly string[] {
  return keys.filter((key) => {
    const breaker = breakers.byKey.get(key);
    return breaker !== undefined && breaker.status !== "closed" && !isBlocked(breakers, key, nowMs);
  });
}
