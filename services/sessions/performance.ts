// How a session does: counts and sums of all its turns, and the newest few for its trend. Bounded, and replaced, never
// changed.

import type { SessionTurnAdded } from "../../schemas/messages/session-event.ts";
import type { SessionPerformance } from "../client/session-answers.ts";

/** Turns of which the latency is kept for the trend. */
const NEWEST = 16;
/** Implementations that are counted by name; the others share `other`. */
const IMPLEMENTATIONS = 8;
const OTHER = "other";

export interface Performance {
  succeeded: number;
  failed: number;
  cancelled: number;
  /** Of turns that succeeded. */
  sumMs: number;
  maxMs: number;
  inputTokens: number;
  outputTokens: number;
  costUsd: number;
  implementations: Readonly<Record<string, number>>;
  /** Who answered last; how often a worker answered, and how often it was the same as before. */
  worker: string;
  byWorkers: number;
  sameWorker: number;
  /** Latencies of the newest turns, oldest first; below 0 = it did not succeed. */
  newest: readonly number[];
}

export function initialPerformance(): Performance {
  return NOTHING;
}

const NOTHING: Performance = Object.freeze({
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  sumMs: 0,
  maxMs: 0,
  inputTokens: 0,
  outputTokens: 0,
  costUsd: 0,
  implementations: Object.freeze({}),
  worker: "",
  byWorkers: 0,
  sameWorker: 0,
  newest: [],
});

export function withTurn(before: Performance, turn: SessionTurnAdded): Performance {
  const { status, totalMs, usage, implementation, worker = "" } = turn;
  const isSuccess = status === "succeeded";
  const ms = Math.round(totalMs);
  return {
    succeeded: before.succeeded + (isSuccess ? 1 : 0),
    failed: before.failed + (status === "failed" ? 1 : 0),
    cancelled: before.cancelled + (status === "cancelled" ? 1 : 0),
    sumMs: before.sumMs + (isSuccess ? ms : 0),
    maxMs: isSuccess ? Math.max(before.maxMs, ms) : before.maxMs,
    inputTokens: before.inputTokens + usage.inputTokens,
    outputTokens: before.outputTokens + usage.outputTokens,
    costUsd: before.costUsd + (usage.costUsd ?? 0),
    implementations: counted(before.implementations, isSuccess ? implementation : undefined),
    worker: worker === "" ? before.worker : worker,
    byWorkers: before.byWorkers + (worker === "" ? 0 : 1),
    sameWorker: before.sameWorker + (worker !== "" && worker === before.worker ? 1 : 0),
    newest: [...before.newest.slice(1 - NEWEST), isSuccess ? ms : -1 - ms],
  };
}

function counted(
  before: Readonly<Record<string, number>>,
  name: string | undefined,
): Readonly<Record<string, number>> {
  if (name === undefined) return before;
  const isFull = Object.keys(before).length >= IMPLEMENTATIONS && !Object.hasOwn(before, name);
  const under = isFull ? OTHER : name;
  return { ...before, [under]: (before[under] ?? 0) + 1 };
}

export function reportOf(performance: Performance): SessionPerformance {
  const { succeeded, failed, cancelled, sumMs, maxMs, newest, byWorkers, sameWorker } = performance;
  const turns = succeeded + failed + cancelled;
  const successes = newest.filter((ms) => ms >= 0);
  const couldStay = byWorkers - 1;
  const trend = newest.length < NEWEST ? undefined : trendOf(newest);
  return {
    turns,
    ...(turns > 0 && { successRate: succeeded / turns }),
    ...(succeeded > 0 && {
      latencyMs: { mean: sumMs / succeeded, max: maxMs, last: successes.at(-1) ?? sumMs / succeeded },
    }),
    inputTokens: performance.inputTokens,
    outputTokens: performance.outputTokens,
    costUsd: performance.costUsd,
    implementations: Object.fromEntries(
      Object.entries(performance.implementations).map(([name, count]) => [name, count / succeeded]),
    ),
    ...(couldStay > 0 && { affinity: { hits: sameWorker, of: couldStay, rate: sameWorker / couldStay } }),
    ...(trend !== undefined && { trend }),
  };
}

function trendOf(newest: readonly number[]): NonNullable<SessionPerformance["trend"]> {
  const [before, now] = [newest.slice(0, NEWEST / 2), newest.slice(NEWEST / 2)].map((half) => {
    const successes = half.filter((ms) => ms >= 0);
    const mean = successes.reduce((sum, ms) => sum + ms, 0) / successes.length;
    return { mean, rate: successes.length / half.length };
  }) as [{ mean: number; rate: number }, { mean: number; rate: number }];
  const latency = now.mean / before.mean;
  return {
    ...(Number.isFinite(latency) && { latency }),
    successRate: now.rate - before.rate,
  };
}
