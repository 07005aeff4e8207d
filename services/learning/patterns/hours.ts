// How an implementation does by the hour of the day (UTC, by the log's clock): successes and latencies, of the last week
// or so. What happened on one day alone is no effect of the hour: each hour counts its days.

import { recent } from "../fold/recent.ts";
import { logLatency } from "../statistics/latency-sketch.ts";

export const HOURS_BOUNDS = {
  /** Programs, and implementations of each; least recently used out. ~1.2 kB each. */
  programs: 2_000,
  implementations: 64,
  /** Implementations of all programs. */
  all: 20_000,
} as const;

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** What an hour's counts still weigh on its next day. */
const KEPT = 0.85;

/** Six numbers an hour: attempts, successes, sum and squares of their latencies (logarithmic), days, the newest day. */
const SIZE = 6;

export interface HourCell {
  attempts: number;
  succeeded: number;
  latency: number;
  latencySquares: number;
  days: number;
}

export interface HoursState {
  programs: Map<string, Map<string, number[]>>;
  size: number;
}

export function newHours(): HoursState {
  return { programs: new Map(), size: 0 };
}

/** `latencyMs` of a success; undefined = it failed. */
export function observeHour(
  state: HoursState,
  program: string,
  implementation: string,
  timeMs: number,
  latencyMs: number | undefined,
): void {
  const byName = recent(state.programs, program, Number.POSITIVE_INFINITY, () => new Map<string, number[]>());
  const before = byName.size;
  const cells = recent(byName, implementation, HOURS_BOUNDS.implementations, () =>
    new Array<number>(HOURS * SIZE).fill(0),
  );
  state.size += byName.size - before;
  const sinceEpoch = Math.floor(timeMs / HOUR_MS);
  const day = Math.floor(sinceEpoch / HOURS);
  const cell = (sinceEpoch % HOURS) * SIZE;
  const at = (offset: number) => cells[cell + offset] as number;
  if (at(5) !== day) {
    for (let offset = 0; offset < 5; offset++) cells[cell + offset] = at(offset) * KEPT;
    cells[cell + 4] = at(4) + 1;
    cells[cell + 5] = day;
  }
  cells[cell] = at(0) + 1;
  if (latencyMs !== undefined) {
    const latency = logLatency(latencyMs);
    cells[cell + 1] = at(1) + 1;
    cells[cell + 2] = at(2) + latency;
    cells[cell + 3] = at(3) + latency * latency;
  }
  const { programs, all } = HOURS_BOUNDS;
  while (state.programs.size > 1 && (state.programs.size > programs || state.size > all)) {
    forgetHours(state, state.programs.keys().next().value as string);
  }
}

export function forgetHours(state: HoursState, program: string): void {
  state.size -= state.programs.get(program)?.size ?? 0;
  state.programs.delete(program);
}

/** The 24 hours of an implementation. */
export function hourCells(cells: readonly number[]): HourCell[] {
  return Array.from({ length: HOURS }, (_, hour) => {
    const [attempts = 0, succeeded = 0, latency = 0, latencySquares = 0, days = 0] = cells.slice(hour * SIZE);
    return { attempts, succeeded, latency, latencySquares, days };
  });
}

export type HoursJson = [program: string, implementations: [string, number[]][]][];

export function hoursToJson({ programs }: HoursState): HoursJson {
  return [...programs].map(([program, all]) => [program, [...all]]);
}

export function hoursFromJson(json: HoursJson): HoursState {
  return {
    programs: new Map(json.map(([program, all]) => [program, new Map(all)])),
    size: json.reduce((sum, [, all]) => sum + all.length, 0),
  };
}
