// Which part of the log is left. It forgets its head, by age and by size, and some learn what is in force from it alone:
// what was told in the older half of what is left is told again.

import { ANY_SUBJECT } from "../../schemas/subjects.ts";
import type { LogReader } from "./read.ts";

export interface LogRange {
  firstSequence: number;
  lastSequence: number;
}

/** Undefined = the log is empty. */
export async function logRange(reader: LogReader): Promise<LogRange | undefined> {
  const [first, last] = await Promise.all([reader.next(ANY_SUBJECT, 1), reader.last(ANY_SUBJECT)]);
  if (first === null || last === null) return undefined;
  return { firstSequence: first.sequence, lastSequence: last.sequence };
}

/** It is no longer in the log, or soon will be; while all of the log is there nothing is. */
export function isOld(sequence: number, { firstSequence, lastSequence }: LogRange): boolean {
  const middle = firstSequence + Math.floor((lastSequence - firstSequence) / 2);
  return firstSequence > 1 && sequence < middle;
}
