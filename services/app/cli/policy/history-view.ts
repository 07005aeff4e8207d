// Pure: how implementations have done, window by window: successes as a bar, failures by code, times, scores, cost.

import type { HistoryAnswer, HistoryWindow } from "../../../learning/history/answer.ts";
import { milliseconds } from "../figures.ts";
import { table } from "../table.ts";
import type { Style } from "../terminal.ts";

export type Resolution = "minute" | "hour" | "day";
type Paint = (style: Style, text: string) => string;

const BAR_WIDTH = 10;
const HEAD = ["from", "attempts", "succeeded", "p50", "p95", "quality", "tokens", "cost", "failures"];

export function historyLines(answer: HistoryAnswer, resolution: Resolution, paint: Paint): string[] {
  const { program, time, implementations, omitted } = answer;
  const told = implementations.filter((one) => one[resolution].length > 0);
  if (omitted.includes(resolution))
    return [`too much to tell by the ${resolution}: ask for one implementation with --implementation`];
  if (told.length === 0) return [`${program} has not been asked lately (up to ${time})`];
  return told.flatMap((one, at) => {
    const [head = "", ...rows] = table([
      HEAD,
      ...one[resolution].map((window) => windowCells(window, resolution)),
    ]);
    return [
      ...(at === 0 ? [] : [""]),
      `${paint("bold", `${program} ${one.implementation}`)}  by the ${resolution}`,
      paint("dim", head),
      ...rows.map((row, n) => (hasFailed(one[resolution][n]) ? paint("yellow", row) : row)),
    ];
  });
}

function windowCells(window: HistoryWindow, resolution: Resolution): string[] {
  const { start, attempts, succeeded, p50Ms, p95Ms, quality, scored, tokens, costUsd, failures } = window;
  const share = attempts === 0 ? 0 : succeeded / attempts;
  const full = Math.round(share * BAR_WIDTH);
  return [
    resolution === "day" ? start.slice(0, 10) : start.slice(0, 16).replace("T", " "),
    attempts.toLocaleString("en"),
    attempts === 0 ? "–" : `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} ${Math.floor(share * 100)} %`,
    milliseconds(p50Ms),
    milliseconds(p95Ms),
    quality === undefined ? "–" : `${quality.toFixed(2)} (${scored})`,
    tokens === 0 ? "–" : tokens.toLocaleString("en"),
    costUsd === 0 ? "–" : `${Number(costUsd.toPrecision(3))} USD`,
    Object.entries(failures)
      .map(([code, count]) => `${code} ${count}`)
      .join(", "),
  ];
}

function hasFailed(window: HistoryWindow | undefined): boolean {
  return window !== undefined && Object.keys(window.failures).length > 0;
}
