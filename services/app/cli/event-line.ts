// Pure: events as lines, with the time as of day or relative to the first event of a story.

import { eventText } from "./event-text.ts";
import { kindName, type LogEvent } from "./log-event.ts";
import type { Style } from "./terminal.ts";

export interface LineOptions {
  /** Times count from here; absent = local time of day. */
  sinceMs?: number | undefined;
  /** Longest line; longer ones end in `…`. Absent = whole. */
  columns?: number | undefined;
  /** Ids are left out where all lines are about the same request. */
  withId: boolean;
  paint: (style: Style, text: string) => string;
}

const KIND_WIDTH = 16;

export function eventLine(event: LogEvent, options: LineOptions): string {
  const { sinceMs, columns, withId, paint } = options;
  const time = sinceMs === undefined ? clock(event.timeMs) : relative(event.timeMs - sinceMs);
  const sequence = `#${event.sequence}`.padEnd(7);
  const kind = kindName(event.kind);
  const id = withId && event.id !== undefined ? `${event.id}  ` : "";
  const head = `${time.padEnd(10)} ${sequence} ${kind.padEnd(KIND_WIDTH)} `;
  const room = columns === undefined ? undefined : columns - head.length - id.length;
  const text = shortened(eventText(event).replaceAll(/\s*\n\s*/g, " "), room);
  return `${paint("dim", time.padEnd(10))} ${paint("dim", sequence)} ${paint(styleOf(event), kind.padEnd(KIND_WIDTH))} ${paint("dim", id)}${text}`;
}

function styleOf({ kind, data }: LogEvent): Style {
  if (kind.kind === "result") return data.status === "succeeded" ? "green" : "red";
  if (kind.kind === "request") return "bold";
  if (kind.kind !== "event") return "cyan";
  return /^(failed|refused|conflicted|dead-lettered|lost|opened)$/.test(kind.verb) ? "red" : "yellow";
}

function clock(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.toTimeString().slice(0, 8)}.${String(Math.floor((timeMs % 1_000) / 100))}`;
}

/** `+3 ms`, `+1.24 s`, `+2 m 05 s`. */
export function relative(ms: number): string {
  if (ms < 1_000) return `+${Math.round(ms)} ms`;
  if (ms < 60_000) return `+${(ms / 1_000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1_000);
  return `+${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;
}

function shortened(text: string, room: number | undefined): string {
  return room === undefined || text.length <= room ? text : `${text.slice(0, Math.max(room - 1, 20))}…`;
}
