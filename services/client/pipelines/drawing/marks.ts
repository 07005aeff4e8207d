// How far each stage is, and the words that a drawing has for it. Pure.

import type { GraphNode } from "./graph-view.ts";

export type StageStatus = "waiting" | "running" | "backoff" | "finished" | "failed" | "skipped" | "cancelled";

export interface Mark {
  status: StageStatus;
  /** Such as `12/20` of a map. */
  note?: string;
}
/** By the stage's number in the definition. */
export type Marks = ReadonlyMap<number, Mark>;

export const SYMBOLS: Readonly<Record<StageStatus, string>> = {
  waiting: "·",
  running: "▸",
  backoff: "↻",
  finished: "✓",
  failed: "✗",
  skipped: "–",
  cancelled: "■",
};

/** Its name, what it does, and when. */
export function wordsOf({ stage, name, detail, when }: GraphNode, marks: Marks): [string, ...string[]] {
  const mark = marks.get(stage);
  const note = mark?.note === undefined ? "" : ` ${mark.note}`;
  const first = mark === undefined ? name : `${SYMBOLS[mark.status]} ${name}${note}`;
  return [first, ...(detail === "" ? [] : [detail]), ...(when === undefined ? [] : [`when ${when}`])];
}
