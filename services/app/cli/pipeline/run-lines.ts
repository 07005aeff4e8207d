// How far a run is, as lines that are drawn again and again: a bar, and each stage with its count and its time. Pure.

import type { RunStatus, StageProgress } from "../../../client/mod.ts";
import { SYMBOLS } from "../../../client/pipelines/drawing/marks.ts";
import { bar, milliseconds } from "../figures.ts";
import type { Style } from "../terminal.ts";
import { type Paint, styleOf } from "./symbols.ts";

export interface RunView {
  pipeline: string;
  run: string;
  status: RunStatus;
  percent: number;
  startedAt: string;
  elapsedMs: number;
  stages: readonly StageProgress[];
}

export interface RunLinesOptions {
  paint: Paint;
  /** Of the terminal: a longer line would become two. */
  columns: number;
  /** The most; the stages that run are shown first. */
  rows: number;
}

export function runLines(view: RunView, { paint, columns, rows }: RunLinesOptions): string[] {
  const { pipeline, run, status, percent, startedAt, elapsedMs } = view;
  const nowMs = Date.parse(startedAt) + elapsedMs;
  const first = headLine(
    [
      { text: pipeline, style: "bold" },
      { text: status, style: styleOf(status) },
      { text: bar(percent / 100), style: "dim", isExtra: true },
      { text: `${String(percent).padStart(3)} %`, style: "dim" },
      { text: milliseconds(elapsedMs).padStart(7), style: "dim" },
      { text: run, style: "dim", isExtra: true },
    ],
    { paint, columns },
  );
  const shown = chosen(view.stages, rows - 2);
  const width = Math.max(...shown.map((stage) => labelOf(stage).length), 0);
  const lines = shown.map((stage) => stageLine(stage, { width, paint, columns, nowMs }));
  const hidden = view.stages.length - shown.length;
  return [first, ...lines, ...(hidden > 0 ? [paint("dim", `  … ${hidden} more stages`)] : [])];
}

interface Piece {
  text: string;
  style: Style;
  /** Left out where there is no room. */
  isExtra?: boolean;
}

function headLine(pieces: readonly Piece[], { paint, columns }: { paint: Paint; columns: number }): string {
  const length = pieces.reduce((sum, { text }) => sum + text.length + 2, -2);
  const shown = length <= columns ? pieces : pieces.filter(({ isExtra }) => isExtra !== true);
  return shown.map(({ text, style }) => paint(style, text)).join("  ");
}

/** All of them, or those that run and failed with what is before and behind them. */
function chosen(stages: readonly StageProgress[], rows: number): readonly StageProgress[] {
  if (stages.length <= rows) return stages;
  const busy = (stage: StageProgress) => ["running", "backoff", "failed"].includes(stage.status);
  const first = new Set([...stages.filter(busy), ...stages.filter((stage) => !busy(stage))].slice(0, rows));
  return stages.filter((stage) => first.has(stage));
}

function labelOf({ name, within }: StageProgress): string {
  return `${"  ".repeat(within.length)}${name}`;
}

function stageLine(
  stage: StageProgress,
  { width, paint, columns, nowMs }: { width: number; paint: Paint; columns: number; nowMs: number },
): string {
  const style = styleOf(stage.status);
  const label = labelOf(stage).padEnd(width);
  const plain = `  ${SYMBOLS[stage.status]} ${label}  ${countText(stage)}`;
  const rest = Math.max(0, columns - plain.length - 2);
  const note = noteOf(stage, nowMs).slice(0, rest);
  return `  ${paint(style, SYMBOLS[stage.status])} ${label}  ${paint("dim", countText(stage))}  ${paint(stage.error === undefined ? "dim" : "red", note)}`.trimEnd();
}

/** How often it ran, where that is more than once. */
export function countText({ started, finished, failed, skipped, items, within }: StageProgress): string {
  const ended = finished + failed + skipped;
  if (items !== undefined) return `${items} ${items === 1 ? "item" : "items"}`.padEnd(9);
  if (within.length > 0 && Math.max(started, ended) > 1)
    return `${ended}/${Math.max(started, ended)}`.padEnd(9);
  return "".padEnd(9);
}

function noteOf(stage: StageProgress, nowMs: number): string {
  const { status, workMs, error, signal, startedAt, within } = stage;
  if (error !== undefined && status !== "finished") return `${error.code}: ${error.message}`;
  if (signal !== undefined && status === "running") return `waits for signal ${signal}`;
  const isOne = startedAt !== undefined && (within.length === 0 || stage.started === 1);
  if (status === "running" && isOne) return milliseconds(nowMs - Date.parse(startedAt));
  return workMs > 0 ? milliseconds(workMs) : "";
}
