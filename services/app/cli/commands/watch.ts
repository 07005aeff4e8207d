// `dspex watch`: the user's requests and results as they happen.

import { Command } from "commander";
import { logRequestId, resolveRequestId } from "../../../../schemas/envelope/ids.ts";
import { type LogSubject, parseLogSubject } from "../../../../schemas/subjects.ts";
import type { StoryEvent } from "../../../client/mod.ts";
import { asClient } from "../client.ts";
import { type CommandContext, wholeNumber } from "../context.ts";
import { eventLine } from "../event-line.ts";
import type { LogEvent } from "../log-event.ts";

const EXAMPLES = `
Examples:
  dspex watch                          requests and results as they happen
  dspex watch --kinds result --json | jq -c .data.timings
  dspex watch --from 1                 from the beginning of the log`;

interface Options {
  kinds: string[];
  from?: number;
  user?: string;
  json?: boolean;
}

export function watchCommand(context: CommandContext): Command {
  const { terminal } = context;
  return new Command("watch")
    .description("Shows a user's requests and results as they happen, until Ctrl-C.")
    .option("--kinds <kinds...>", "request, work, attempt, result, …", ["request", "result"])
    .option("--from <sequence>", "first from this sequence of the log", wholeNumber)
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "one event a line")
    .addHelpText("after", EXAMPLES)
    .action(async ({ kinds, from, user, json }: Options) => {
      const dspex = await asClient(context, user);
      let closing: Promise<void> | undefined;
      const stop = () => {
        closing ??= dspex.close();
        closing.catch(() => {}); // awaited below
      };
      context.interrupted.addEventListener("abort", stop);
      try {
        for await (const event of dspex.observe({ kinds, ...(from !== undefined && { from }) })) {
          if (json === true) terminal.json(event);
          else
            terminal.line(
              eventLine(asLogEvent(event), {
                withId: true,
                columns: terminal.interactive ? terminal.columns : undefined,
                paint: (style, text) => terminal.paint(style, text),
              }),
            );
        }
      } catch (error) {
        if (!context.interrupted.aborted) throw error;
      } finally {
        context.interrupted.removeEventListener("abort", stop);
        stop();
        await closing;
      }
    });
}

function asLogEvent(event: StoryEvent): LogEvent {
  const kind = parseLogSubject(event.subject);
  const data = (event.data ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return {
    sequence: event.sequence,
    timeMs: Date.parse(event.time),
    subject: event.subject,
    kind,
    type: event.type,
    source: undefined,
    id: requestId(kind, event.sequence, text(data.id)),
    user: kind.kind === "request" ? kind.user : undefined,
    program: kind.kind === "request" ? kind.program : text(data.program),
    session: text(data.session),
    data,
  };
}

/** A request that brought no id has the one that the log gives it. */
function requestId(kind: LogSubject, sequence: number, given: string | undefined): string | undefined {
  if (kind.kind === "result") return kind.id;
  if (kind.kind !== "request") return given;
  const own = given === undefined ? undefined : resolveRequestId(kind.user, given);
  return own ?? logRequestId(kind.user, sequence);
}
