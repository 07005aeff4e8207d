// Decodes what the log says of searches for better values: their own events, those of their trials, results of their
// requests, and the changes of variables that they made.

import type { CloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { parseRequestId } from "../../../schemas/envelope/ids.ts";
import {
  OPTIMIZATION_EVENTS,
  type OptimizationCancelled,
  type OptimizationFailed,
  type OptimizationTrialFinished,
} from "../../../schemas/messages/optimization-event.ts";
import {
  VARIABLE_OPTIMIZATION_EVENTS,
  type VariableOptimizationFinished,
  type VariableOptimizationQueued,
  type VariableOptimizationStarted,
} from "../../../schemas/messages/variable-optimization-event.ts";
import { parseLogSubject } from "../../../schemas/subjects.ts";
import type { VariableEvent, VariableMessage } from "../event.ts";

/** An event without its place in the log: what is appended. */
export type OptimizationAppend =
  | { verb: "queued"; data: VariableOptimizationQueued }
  | { verb: "started"; data: VariableOptimizationStarted }
  | { verb: "finished"; data: VariableOptimizationFinished }
  | { verb: "failed"; data: OptimizationFailed }
  | { verb: "cancelled"; data: OptimizationCancelled };

interface At {
  sequence: number;
  timeMs: number;
}
export type OptimizationEvent =
  | (OptimizationAppend & At)
  | ({ verb: "trial-finished"; data: OptimizationTrialFinished } & At)
  /** The result of a request with the run's name, or of its check. */
  | ({ verb: "answered"; data: { user: string; run: string; isCheck: boolean } } & At)
  /** Variables have changed in the run's name. */
  | ({ verb: "set"; data: { run: string; versions: Record<string, number>; reason?: string } } & At);

export const EVENTS = { ...OPTIMIZATION_EVENTS, ...VARIABLE_OPTIMIZATION_EVENTS };

const CHECK = "-check";
const BY = "optimization/";

/** Name of the request that measures a run's values once they are in force. */
export function checkOf(run: string): string {
  return `${run}${CHECK}`;
}
/** In whose name a run changes variables. */
export function byRun(run: string): string {
  return `${BY}${run}`;
}

/** @throws on a known event that does not fit its schema. */
export function decodeOptimization(message: VariableMessage): OptimizationEvent | undefined {
  const subject = parseLogSubject(message.subject);
  const at = { sequence: message.sequence, timeMs: message.timeMs };
  if (subject.kind === "result") {
    const id = parseRequestId(subject.id);
    if (id?.kind !== "derived" || id.maker !== "o") return undefined;
    const isCheck = id.key.endsWith(CHECK);
    const run = isCheck ? id.key.slice(0, -CHECK.length) : id.key;
    return { verb: "answered", data: { user: id.user, run, isCheck }, ...at };
  }
  if (subject.kind !== "event" || subject.entity !== "optimization") return undefined;
  const { verb } = subject;
  if (!Object.hasOwn(EVENTS, verb)) return undefined;
  const { data } = message.json() as CloudEvent<unknown>;
  // Of a program's search: its events are others'.
  if (Object.hasOwn(VARIABLE_OPTIMIZATION_EVENTS, verb) && !Object.hasOwn(data as object, "variables"))
    return undefined;
  return { verb, data: EVENTS[verb as keyof typeof EVENTS].schema.parse(data), ...at } as OptimizationEvent;
}

/** What a change of variables means for the run that made it. */
export function setByRun(event: VariableEvent): OptimizationEvent | undefined {
  if (event.verb !== "changed" || !event.data.by.startsWith(BY)) return undefined;
  const { data, sequence, timeMs } = event;
  const versions = Object.fromEntries(data.changes.map(({ name, version }) => [name, version]));
  const why = data.reason === undefined ? {} : { reason: data.reason };
  return { verb: "set", data: { run: data.by.slice(BY.length), versions, ...why }, sequence, timeMs };
}
