// The whole story of one request: read by the sequences that its result names, and by a scan for what no result
// tells (refusals, cancels, lost workers, feedback).

import { parseRequestId } from "../../../schemas/envelope/ids.ts";
import { DspexError } from "../../../schemas/errors.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import {
  chosenResults,
  FEEDBACK_FILTER,
  idOfResultSubject,
  isToken,
  LOG_SUBJECTS,
  REQUEST_EVENTS_FILTER,
  resultSubject,
  SESSION_EVENTS_FILTER,
  workerEventSubject,
} from "../../../schemas/subjects.ts";
import { eventLine, relative } from "./event-line.ts";
import { kindName, type LogEvent, logEvent } from "./log-event.ts";
import type { OperatorLog } from "./operator-log.ts";
import type { Terminal } from "./terminal.ts";

/** Events about a request that its result does not name. */
const ASIDES = [REQUEST_EVENTS_FILTER, workerEventSubject("lost"), FEEDBACK_FILTER, SESSION_EVENTS_FILTER];

/** @throws DspexError `not_found` when the log knows nothing of it. */
export async function readStory(log: OperatorLog, given: string): Promise<LogEvent[]> {
  const id = parseRequestId(given) === undefined ? await fullId(log, given) : given;
  const stored = await log.reader.last(resultSubject(id));
  const events = new Map<number, LogEvent>();
  const keep = (event: LogEvent): void => void events.set(event.sequence, event);
  if (stored === null) await scan(log, 1, LOG_SUBJECTS, id, events);
  else {
    keep(logEvent(stored));
    const { request, work, failures } = (stored.json() as { data: Result }).data.log;
    for (const sequence of [request, ...work, ...failures]) {
      const event = await log.event(sequence);
      if (event !== undefined) keep(event);
    }
    await scan(log, Math.max(request, 1), ASIDES, id, events);
  }
  if (events.size === 0) throw new DspexError("not_found", `the log knows no request ${JSON.stringify(id)}`);
  return [...events.values()].sort((a, b) => a.sequence - b.sequence);
}

/** A chosen id without its user: the only request in the log with that key. */
async function fullId(log: OperatorLog, given: string): Promise<string> {
  const found = isToken(given) ? await log.reader.last(chosenResults(given)).catch(() => null) : null;
  if (found !== null) return idOfResultSubject(found.subject);
  return `local.x.${given}`;
}

async function scan(
  log: OperatorLog,
  fromSequence: number,
  filters: readonly string[],
  id: string,
  into: Map<number, LogEvent>,
): Promise<void> {
  await log.read({
    fromSequence,
    filters,
    onMessage: (message) => {
      const event = logEvent(message);
      if (event.id === id || tookAway(event, into)) into.set(event.sequence, event);
    },
  });
}

/** A worker was lost that held work of this request. */
function tookAway(event: LogEvent, known: Map<number, LogEvent>): boolean {
  if (kindName(event.kind) !== "worker.lost") return false;
  const gaveBack = (event.data.gaveBack as number[] | undefined) ?? [];
  return gaveBack.some((sequence) => known.get(sequence)?.kind.kind === "work");
}

export function showStory(terminal: Terminal, events: readonly LogEvent[], asJson: boolean): void {
  if (asJson) {
    for (const { timeMs, kind: _kind, ...event } of events)
      terminal.json({ ...event, time: new Date(timeMs).toISOString() });
    return;
  }
  const [first] = events;
  const last = events.find(({ kind }) => kind.kind === "result");
  if (first === undefined) return;
  const outcome =
    last === undefined
      ? terminal.paint("yellow", "no result yet")
      : `${last.data.status} after ${relative(last.timeMs - first.timeMs).slice(1)}`;
  terminal.line(`${terminal.paint("bold", first.id ?? "")}  ${first.program ?? ""}  ${outcome}`);
  for (const event of events) {
    terminal.line(
      eventLine(event, {
        sinceMs: first.timeMs,
        columns: terminal.interactive ? terminal.columns : undefined,
        withId: false,
        paint: (style, text) => terminal.paint(style, text),
      }),
    );
  }
}
