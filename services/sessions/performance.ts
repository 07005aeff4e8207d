// How a session does: counts and sums of all its turns, and the newest few for its trend. Bounded, and replaced, never
// changed.

import type { SessionTurnAdded } from "../../schemas/messages/session-event.ts";
import type { SessionPerformance, SessionProgramPerformance } from "../client/session-answers.ts";

/** Turns of which the latency is kept for the trend. */
const NEWEST = 16;
/** Implementations, and programs, that are counted by name; the others share `other`. */
const BY_NAME = 8;
const OTHER = "other";

/** Of the turns that were one program's. */
interface ProgramPerformance {
  turns: number;
  succeeded: number;
  /** Of turns that succeeded. */
  sumMs: number;
  /** Where the last one that succeeded was answered; how many had such a place before them, and were answered there. */
  place: string;
  couldStay: number;
  stayed: number;
}

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
  programs: Readonly<Record<string, ProgramPerformance>>;
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
  programs: Object.freeze({}),
  newest: [],
});

export function withTurn(before: Performance, turn: SessionTurnAdded): Performance {
  const { status, totalMs, usage, implementation } = turn;
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
    programs: withProgram(before.programs, turn, ms),
    newest: [...before.newest.slice(1 - NEWEST), isSuccess ? ms : -1 - ms],
  };
}

function counted(
  before: Readonly<Record<string, number>>,
  name: string | undefined,
): Readonly<Record<string, number>> {
  if (name === undefined) return before;
  const under = nameIn(before, name);
  return { ...before, [under]: (before[under] ?? 0) + 1 };
}

const NEVER_CALLED: ProgramPerformance = {
  turns: 0,
  succeeded: 0,
  sumMs: 0,
  place: "",
  couldStay: 0,
  stayed: 0,
};

function withProgram(
  programs: Performance["programs"],
  turn: SessionTurnAdded,
  ms: number,
): Performance["programs"] {
  // The log has forgotten what it was.
  if (turn.program === "") return programs;
  const under = nameIn(programs, turn.program);
  const before = programs[under] ?? NEVER_CALLED;
  const isSuccess = turn.status === "succeeded";
  // What several programs share has no place.
  const place = under === OTHER ? "" : placeOf(turn);
  const couldStay = place !== "" && before.place !== "";
  return {
    ...programs,
    [under]: {
      turns: before.turns + 1,
      succeeded: before.succeeded + (isSuccess ? 1 : 0),
      sumMs: before.sumMs + (isSuccess ? ms : 0),
      place: isSuccess && place !== "" ? place : before.place,
      couldStay: before.couldStay + (couldStay ? 1 : 0),
      stayed: before.stayed + (couldStay && place === before.place ? 1 : 0),
    },
  };
}

/**
 * Where something of the session may be left for the next turn: at a pool's worker, in a slot of the model's server, or
 * both; "" = nowhere. Routers and TypeScript workers keep nothing themselves.
 */
function placeOf({ worker = "", slot }: SessionTurnAdded): string {
  const keeper = worker.startsWith("native/") ? "" : worker;
  return slot === undefined ? keeper : `${keeper}#${slot}`;
}

function nameIn(before: Readonly<Record<string, unknown>>, name: string): string {
  return Object.keys(before).length >= BY_NAME && !Object.hasOwn(before, name) ? OTHER : name;
}

export function reportOf(performance: Performance): SessionPerformance {
  const { succeeded, failed, cancelled, sumMs, maxMs, newest } = performance;
  const programs = Object.entries(performance.programs);
  const turns = succeeded + failed + cancelled;
  const successes = newest.filter((ms) => ms >= 0);
  const affinity = affinityOf(programs.map(([, one]) => one));
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
    programs: Object.fromEntries(programs.map(([name, one]) => [name, programReport(one)])),
    ...(affinity !== undefined && { affinity }),
    ...(trend !== undefined && { trend }),
  };
}

function programReport(program: ProgramPerformance): SessionProgramPerformance {
  const { turns, succeeded, sumMs } = program;
  const affinity = affinityOf([program]);
  return {
    turns,
    successRate: succeeded / turns,
    ...(succeeded > 0 && { meanMs: sumMs / succeeded }),
    ...(affinity !== undefined && { affinity }),
  };
}

function affinityOf(programs: readonly ProgramPerformance[]): SessionPerformance["affinity"] {
  const of = programs.reduce((sum, { couldStay }) => sum + couldStay, 0);
  const hits = programs.reduce((sum, { stayed }) => sum + stayed, 0);
  return of === 0 ? undefined : { hits, of, rate: hits / of };
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
