// `dspex log`: the log as it is, or the whole story of one request in order.

import { Command } from "commander";
import { DspexError } from "../../../../schemas/errors.ts";
import { type CommandContext, wholeNumber } from "../context.ts";
import { type EventFilter, matches, subjectsOf } from "../event-filter.ts";
import { eventLine } from "../event-line.ts";
import { type LogEvent, logEvent } from "../log-event.ts";
import { parseLogPoint } from "../moment.ts";
import { OperatorLog } from "../operator-log.ts";
import { readStory, showStory } from "../story.ts";

const EXAMPLES = `
Examples:
  dspex log local.k3f9.1                     everything about one request, in order
  dspex log --tail 50 --program answer       the last 50 events of a program
  dspex log -f --type attempt.failed         failures as they happen
  dspex log --since 10m --type worker --json | jq .data`;

interface Options {
  program?: string;
  request?: string;
  session?: string;
  user?: string;
  type?: string[];
  since?: string;
  until?: string;
  tail?: number;
  follow?: boolean;
  json?: boolean;
}

const DEFAULT_TAIL = 20;
/** First look that far back for the last events; then four times as far, until there are enough. */
const FIRST_WINDOW = 2_000;

export function logCommand(context: CommandContext): Command {
  return new Command("log")
    .description("Shows the log, or the story of one request.")
    .argument("[id]", "a request's id: everything that happened to it")
    .option("--program <name>", "only events of this program")
    .option("--request <id>", "only events of this request")
    .option("--session <session>", "only events of this session")
    .option("--user <user>", "only events of this user")
    .option("--type <types...>", "request, work, result, attempt.failed, worker, program.registered, …")
    .option("--since <point>", "from a sequence, a time, or an age such as 10m")
    .option("--until <point>", "up to a sequence, a time, or an age")
    .option("--tail <n>", `only the last n (default ${DEFAULT_TAIL} without --since)`, wholeNumber)
    .option("-f, --follow", "go on with what comes")
    .option("--json", "one event a line")
    .addHelpText("after", EXAMPLES)
    .action(async (id: string | undefined, options: Options) => {
      await using log = await OperatorLog.open(context);
      if (id === undefined) await showLog(context, log, options);
      else showStory(context.terminal, await readStory(log, id), options.json === true);
    });
}

async function showLog(context: CommandContext, log: OperatorLog, options: Options): Promise<void> {
  const { terminal } = context;
  const { program, request, session, user, type } = options;
  const filter: EventFilter = { program, request, session, user, types: type };
  const show = (event: LogEvent): void => {
    if (options.json === true) terminal.json(jsonOf(event));
    else
      terminal.line(
        eventLine(event, {
          withId: true,
          columns: terminal.interactive ? terminal.columns : undefined,
          paint: (style, text) => terminal.paint(style, text),
        }),
      );
  };
  const last = await log.lastSequence();
  const until = options.until === undefined ? last : (await pointOf(log, options.until, "until")) - 1;
  const tail = options.tail ?? (options.since === undefined ? DEFAULT_TAIL : undefined);
  const since = options.since === undefined ? 1 : await pointOf(log, options.since, "since");
  const events = await lastEvents(log, filter, since, until, tail);
  for (const event of events) show(event);
  if (options.follow !== true) return;
  const follower = await log.follow({
    fromSequence: last + 1,
    filters: subjectsOf(filter),
    onMessage: (message) => {
      const event = logEvent(message);
      if (matches(event, filter)) show(event);
    },
  });
  context.interrupted.addEventListener("abort", () => void follower.stop());
  const error = await follower.ended;
  if (error !== undefined) throw error;
}

/** The last `tail` matching events in `since … until`; all of them without `tail`. */
async function lastEvents(
  log: OperatorLog,
  filter: EventFilter,
  since: number,
  until: number,
  tail: number | undefined,
): Promise<LogEvent[]> {
  if (tail === 0 || until < since) return [];
  let window = tail === undefined ? Number.POSITIVE_INFINITY : Math.max(FIRST_WINDOW, tail);
  for (;;) {
    const from = Math.max(since, until - window + 1, 1);
    const events: LogEvent[] = [];
    await log.read({
      fromSequence: from,
      filters: subjectsOf(filter),
      onMessage: (message) => {
        if (message.sequence > until) return;
        const event = logEvent(message);
        if (!matches(event, filter)) return;
        events.push(event);
        if (tail !== undefined && events.length > tail) events.shift();
      },
    });
    if (from <= since || (tail !== undefined && events.length >= tail)) return events;
    window *= 4;
  }
}

/** `until` takes the point itself in. */
async function pointOf(log: OperatorLog, text: string, side: "since" | "until"): Promise<number> {
  const point = parseLogPoint(text, Date.now());
  if (point.kind === "time") return log.sequenceAt(point.timeMs);
  if (point.sequence < 1) throw new DspexError("invalid_inputs", `--${side}: the log begins with sequence 1`);
  return side === "until" ? point.sequence + 1 : point.sequence;
}

function jsonOf({ sequence, timeMs, subject, type, source, id, data, unreadable }: LogEvent): object {
  return { sequence, time: new Date(timeMs).toISOString(), subject, type, source, id, data, unreadable };
}
