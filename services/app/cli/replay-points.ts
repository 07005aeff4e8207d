// Points of the log as `dspex replay` is given them → sequences.

import { DspexError } from "../../../schemas/errors.ts";
import { parseLogPoint } from "./moment.ts";
import type { OperatorLog } from "./operator-log.ts";

/** The last sequence that is wanted; the log's last where nothing is said. */
export async function toSequence(log: OperatorLog, text: string | undefined): Promise<number> {
  const last = await log.lastSequence();
  if (text === undefined) return last;
  const point = parseLogPoint(text, Date.now());
  if (point.kind === "time") return (await log.sequenceAt(point.timeMs)) - 1;
  if (point.sequence > last)
    throw new DspexError("invalid_inputs", `the log ends with sequence ${last}, before ${text}`);
  return point.sequence;
}

/** The first sequence that is wanted. */
export async function fromSequence(log: OperatorLog, text: string): Promise<number> {
  const point = parseLogPoint(text, Date.now());
  return point.kind === "time" ? log.sequenceAt(point.timeMs) : Math.max(point.sequence, 1);
}

/** First sequence that the log still has. */
export async function headSequence(log: OperatorLog): Promise<number> {
  return (await log.reader.next(">", 1))?.sequence ?? 1;
}

export interface Window {
  head: number;
  from: number;
  to: number;
}

export async function windowOf(log: OperatorLog, from?: string, to?: string): Promise<Window> {
  const head = await headSequence(log);
  const wanted = from === undefined ? head : await fromSequence(log, from);
  return { head, from: Math.max(wanted, head), to: await toSequence(log, to) };
}
