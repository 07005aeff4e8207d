// Performance windows as `policy.history` answers them.

import { latencyQuantile } from "../statistics/latency-sketch.ts";
import { RESOLUTIONS, type Resolution, type Series, type Window } from "./windows.ts";

export interface HistoryWindow {
  /** RFC 3339. */
  start: string;
  attempts: number;
  succeeded: number;
  /** By code. */
  failures: Record<string, number>;
  /** Of attempts that succeeded, within 8 %. */
  p50Ms?: number;
  p95Ms?: number;
  tokens: number;
  costUsd: number;
  /** Mean of the scores that came in this time, and how many there were. */
  quality?: number;
  scored: number;
}

/** Windows without attempts are left out; oldest first. */
export type ImplementationHistory = { implementation: string } & Record<Resolution, HistoryWindow[]>;

export interface HistoryAnswer {
  program: string;
  /** The log's clock: where the newest windows end. */
  time: string;
  implementations: ImplementationHistory[];
  /** Resolutions left out because the answer would be too long: ask for one implementation. */
  omitted: Resolution[];
}

export function historyOf(
  program: string,
  series: ReadonlyMap<string, Series>,
  nowMs: number,
  wanted: string | undefined,
  mostBytes: number,
): HistoryAnswer {
  const names = [...series.keys()].filter((name) => wanted === undefined || name === wanted).sort();
  const answer: HistoryAnswer = {
    program,
    time: new Date(nowMs).toISOString(),
    implementations: names.map((implementation) => {
      const one = series.get(implementation) as Series;
      return {
        implementation,
        minute: windowsOf(one, "minute", nowMs),
        hour: windowsOf(one, "hour", nowMs),
        day: windowsOf(one, "day", nowMs),
      };
    }),
    omitted: [],
  };
  for (const resolution of ["minute", "hour"] as const) {
    if (JSON.stringify(answer).length <= mostBytes) break;
    for (const one of answer.implementations) one[resolution] = [];
    answer.omitted.push(resolution);
  }
  return answer;
}

function windowsOf(series: Series, resolution: Resolution, nowMs: number): HistoryWindow[] {
  const { lengthMs, kept } = RESOLUTIONS[resolution];
  const oldest = Math.floor(nowMs / lengthMs) - kept;
  return series[resolution].filter(({ at }) => at > oldest).map((window) => toldWindow(window, lengthMs));
}

function toldWindow(window: Window, lengthMs: number): HistoryWindow {
  const { at, succeeded, failures, latency, tokens, costUsd, scored, quality } = window;
  const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
  const p50Ms = latencyQuantile(latency, 0.5);
  const p95Ms = latencyQuantile(latency, 0.95);
  return {
    start: new Date(at * lengthMs).toISOString(),
    attempts: succeeded + failed,
    succeeded,
    failures: { ...failures },
    ...(p50Ms !== undefined && { p50Ms }),
    ...(p95Ms !== undefined && { p95Ms }),
    tokens,
    costUsd,
    ...(scored > 0 && { quality: quality / scored }),
    scored,
  };
}
