// Performance by the log's clock: the last hour by minute, the last two days by hour, the last month by day, of each
// implementation of each program. Windows without attempts are not kept.

import type { Usage } from "../../../schemas/messages/parts.ts";
import { recent } from "../fold/recent.ts";
import { addCoarsely, type LatencySketch, newSketch } from "../statistics/latency-sketch.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Length of a window, and how many of them are kept. */
export const RESOLUTIONS = {
  minute: { lengthMs: MINUTE_MS, kept: 60 },
  hour: { lengthMs: HOUR_MS, kept: 48 },
  day: { lengthMs: DAY_MS, kept: 30 },
} as const;
export type Resolution = keyof typeof RESOLUTIONS;

export const HISTORY_BOUNDS = {
  /** Least recently used out. */
  programs: 2_000,
  /** Implementations of one program. */
  implementations: 128,
  /** Windows of all programs, ~1 kB each; the program that was not used for longest goes first. */
  windows: 60_000,
} as const;

export interface Window {
  /** Number of the window since 1970. */
  at: number;
  succeeded: number;
  /** Attempts that failed, by code. */
  failures: Record<string, number>;
  /** Of those that succeeded, within 8 %. */
  latency: LatencySketch;
  tokens: number;
  costUsd: number;
  /** Scores that came in this window, and their sum. */
  scored: number;
  quality: number;
}

export type Series = Record<Resolution, Window[]>;

export interface HistoryState {
  /** By program and implementation, the most recently used last. */
  programs: Map<string, Map<string, Series>>;
  windows: number;
}

export type Observation =
  | { kind: "succeeded"; latencyMs: number; usage: Usage }
  | { kind: "failed"; code: string; usage: Usage | undefined }
  | { kind: "scored"; score: number };

export function newHistory(): HistoryState {
  return { programs: new Map(), windows: 0 };
}

export function observeHistory(
  state: HistoryState,
  program: string,
  implementation: string,
  timeMs: number,
  observation: Observation,
): void {
  const byImplementation = recent(
    state.programs,
    program,
    Number.POSITIVE_INFINITY,
    () => new Map<string, Series>(),
  );
  const { programs, implementations, windows } = HISTORY_BOUNDS;
  const known = byImplementation.get(implementation);
  if (known === undefined && byImplementation.size >= implementations) {
    const oldest = byImplementation.entries().next().value as [string, Series];
    byImplementation.delete(oldest[0]);
    state.windows -= windowsOf(oldest[1]);
  }
  const series = recent(byImplementation, implementation, implementations, newSeries);
  state.windows -= windowsOf(series);
  for (const [resolution, { lengthMs, kept }] of Object.entries(RESOLUTIONS)) {
    add(series[resolution as Resolution], Math.floor(timeMs / lengthMs), kept, observation);
  }
  state.windows += windowsOf(series);
  while (state.programs.size > 1 && (state.programs.size > programs || state.windows > windows)) {
    forgetHistory(state, state.programs.keys().next().value as string);
  }
}

export function forgetHistory(state: HistoryState, program: string): void {
  for (const series of state.programs.get(program)?.values() ?? []) state.windows -= windowsOf(series);
  state.programs.delete(program);
}

function add(windows: Window[], at: number, kept: number, observation: Observation): void {
  let window = windows.at(-1);
  if (window === undefined || window.at !== at) {
    window = newWindow(at);
    windows.push(window);
    while ((windows[0] as Window).at <= at - kept) windows.shift();
  }
  switch (observation.kind) {
    case "succeeded":
      window.succeeded++;
      addCoarsely(window.latency, observation.latencyMs);
      spend(window, observation.usage);
      return;
    case "failed":
      window.failures[observation.code] = (window.failures[observation.code] ?? 0) + 1;
      if (observation.usage !== undefined) spend(window, observation.usage);
      return;
    case "scored":
      window.scored++;
      window.quality += observation.score;
      return;
    default: {
      const unknown: never = observation;
      void unknown;
    }
  }
}

function spend(window: Window, { inputTokens, outputTokens, costUsd = 0 }: Usage): void {
  window.tokens += inputTokens + outputTokens;
  window.costUsd += costUsd;
}

function newWindow(at: number): Window {
  return {
    at,
    succeeded: 0,
    failures: {},
    latency: newSketch(),
    tokens: 0,
    costUsd: 0,
    scored: 0,
    quality: 0,
  };
}

function newSeries(): Series {
  return { minute: [], hour: [], day: [] };
}

function windowsOf({ minute, hour, day }: Series): number {
  return minute.length + hour.length + day.length;
}

export type HistoryJson = [program: string, series: [implementation: string, series: Series][]][];

export function historyToJson({ programs }: HistoryState): HistoryJson {
  return [...programs].map(([program, series]) => [program, [...series]]);
}

export function historyFromJson(json: HistoryJson): HistoryState {
  let windows = 0;
  for (const [, all] of json) for (const [, series] of all) windows += windowsOf(series);
  return { programs: new Map(json.map(([program, all]) => [program, new Map(all)])), windows };
}
