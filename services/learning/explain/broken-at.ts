// Which circuit breakers were open at a point of the log, as the routers told of them. Point reads.

import {
  BREAKER_EVENTS,
  type BreakerChanged,
  type BreakerVerb,
} from "../../../schemas/messages/breaker-event.ts";
import { breakerEventSubject } from "../../../schemas/subjects.ts";
import type { LogReader } from "../../log/read.ts";
import { told } from "./told.ts";

/** Changes of each kind that are looked at, before the point and after it: they are told a moment later. */
const STEPS_BACK = 32;
const STEPS_ON = 16;

/** Key of each that was not closed → why it had opened. */
export async function brokenAt(reader: LogReader, sequence: number): Promise<Map<string, string>> {
  const verbs = Object.keys(BREAKER_EVENTS) as BreakerVerb[];
  const changes = await Promise.all(verbs.map((verb) => changesOf(reader, verb, sequence)));
  const newest = new Map<string, { verb: BreakerVerb; change: BreakerChanged }>();
  const opened = new Map<string, BreakerChanged>();
  for (const one of changes.flat()) {
    const { key, sequence: at } = one.change;
    if (at > sequence) continue;
    if (at >= (newest.get(key)?.change.sequence ?? 0)) newest.set(key, one);
    if (one.verb === "opened" && at >= (opened.get(key)?.sequence ?? 0)) opened.set(key, one.change);
  }
  const open = [...newest].filter(([, { verb }]) => verb !== "closed");
  return new Map(open.map(([key, { change }]) => [key, (opened.get(key) ?? change).reason]));
}

async function changesOf(
  reader: LogReader,
  verb: BreakerVerb,
  sequence: number,
): Promise<{ verb: BreakerVerb; change: BreakerChanged }[]> {
  const subject = breakerEventSubject(verb);
  const found: { verb: BreakerVerb; change: BreakerChanged }[] = [];
  let message = await reader.lastUpTo(subject, sequence);
  for (let step = 0; step < STEPS_BACK && message !== null; step++) {
    found.push({ verb, change: told<BreakerChanged>(message).data });
    message = await reader.lastUpTo(subject, message.sequence - 1);
  }
  const later = await reader.some(subject, sequence + 1, STEPS_ON);
  for (const one of later) found.push({ verb, change: told<BreakerChanged>(one).data });
  return found;
}
