// What an implementation takes for one kind of task: latencies as a sketch, tokens and money as means. Of attempts that
// succeeded, the latest some hundred; statistics for the choice are elsewhere, these are what people and hedging go by.

import type { Usage } from "../../../schemas/messages/parts.ts";
import { recent } from "../fold/recent.ts";
import {
  addLatency,
  fadeSketch,
  type LatencySketch,
  narrowSketch,
  newSketch,
} from "../statistics/latency-sketch.ts";

export const FIGURES_BOUNDS = {
  /** Least recently used out. */
  programs: 2_000,
  /** Arms of one program by kind of task. */
  cells: 1_536,
  /** Of all programs, ~1.5 kB each; the program that was not used for longest goes first. */
  allCells: 20_000,
  /** Buckets of one sketch: the lowest are put together. */
  buckets: 96,
} as const;

/** Latencies that a sketch is worth at most: then all weigh half. */
const SKETCH_WEIGHT = 400;
/** Observations that a mean is worth at most. */
const MEAN_WEIGHT = 200;
/** What latencies still weigh after their arm has changed. */
const AFTER_CHANGE = 0.1;

export interface Figures {
  latency: LatencySketch;
  count: number;
  meanTokens: number;
  /** Of those that told a price. */
  priced: number;
  meanCostUsd: number;
}

export interface FiguresState {
  /** By program, then by `cellKey`; the most recently used last. */
  programs: Map<string, Map<string, Figures>>;
  cells: number;
}

export function newFigures(): FiguresState {
  return { programs: new Map(), cells: 0 };
}

export function cellKey(arm: string, task: string): string {
  return `${arm} ${task}`;
}

export interface AttemptFigures {
  latencyMs: number;
  usage: Usage;
}

export function observeFigures(
  state: FiguresState,
  program: string,
  cell: string,
  { latencyMs, usage }: AttemptFigures,
): void {
  const cells = recent(state.programs, program, Number.POSITIVE_INFINITY, () => new Map<string, Figures>());
  const before = cells.size;
  const figures = recent(cells, cell, FIGURES_BOUNDS.cells, newCell);
  state.cells += cells.size - before;
  addLatency(figures.latency, latencyMs);
  if (figures.latency.count > SKETCH_WEIGHT) fadeSketch(figures.latency, 0.5);
  narrowSketch(figures.latency, FIGURES_BOUNDS.buckets);
  figures.count = Math.min(figures.count + 1, MEAN_WEIGHT);
  figures.meanTokens += (usage.inputTokens + usage.outputTokens - figures.meanTokens) / figures.count;
  if (usage.costUsd !== undefined) {
    figures.priced = Math.min(figures.priced + 1, MEAN_WEIGHT);
    figures.meanCostUsd += (usage.costUsd - figures.meanCostUsd) / figures.priced;
  }
  const { programs, allCells } = FIGURES_BOUNDS;
  while (state.programs.size > 1 && (state.programs.size > programs || state.cells > allCells)) {
    forgetFigures(state, state.programs.keys().next().value as string);
  }
}

/** The arm is not what it was: what comes now soon outweighs what was. */
export function fadeFigures(state: FiguresState, program: string, arm: string): void {
  for (const [cell, { latency }] of state.programs.get(program) ?? []) {
    if (cell.startsWith(`${arm} `)) fadeSketch(latency, AFTER_CHANGE);
  }
}

export function forgetFigures(state: FiguresState, program: string): void {
  state.cells -= state.programs.get(program)?.size ?? 0;
  state.programs.delete(program);
}

function newCell(): Figures {
  return { latency: newSketch(), count: 0, meanTokens: 0, priced: 0, meanCostUsd: 0 };
}

export type FiguresJson = [program: string, cells: [cell: string, figures: Figures][]][];

export function figuresToJson({ programs }: FiguresState): FiguresJson {
  return [...programs].map(([program, cells]) => [program, [...cells]]);
}

export function figuresFromJson(json: FiguresJson): FiguresState {
  return {
    programs: new Map(json.map(([program, cells]) => [program, new Map(cells)])),
    cells: json.reduce((sum, [, cells]) => sum + cells.length, 0),
  };
}
