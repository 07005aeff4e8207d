// `dspex replay`: folds the log up to a point with a service's own evolve, calls no model, changes nothing.

import { Command, Option } from "commander";
import { stringifyJson } from "../../../../schemas/envelope/json.ts";
import { DspexError } from "../../../../schemas/errors.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, Exit } from "../exit-codes.ts";
import { FOLDED_SERVICES, type FoldedServiceName } from "../folds.ts";
import { parseLogPoint } from "../moment.ts";
import { OperatorLog } from "../operator-log.ts";
import { type FoldedState, foldAt } from "../replay.ts";
import { stateDifferences } from "../state-diff.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  dspex replay                                  the router's state now, rebuilt from the log
  dspex replay --to 1042                        … as it was after sequence 1042
  dspex replay --to 10m --json                  … as it was ten minutes ago
  dspex replay --diff 1000 1042                 what changed between the two
  dspex replay --service programs --from 500    only what happened from there on`;

interface Options {
  to?: string;
  from?: string;
  service: FoldedServiceName;
  diff?: string[];
  json?: boolean;
}

const SHOWN_LINES = 200;

export function replayCommand(context: CommandContext): Command {
  const services = Object.keys(FOLDED_SERVICES);
  return new Command("replay")
    .description("Rebuilds a service's state at any point of the log, with its hash; calls no model.")
    .option("--to <point>", "a sequence, a time, or an age such as 10m (default: the end)")
    .option("--from <point>", "fold only from here on, from an empty state")
    .addOption(new Option("--service <service>", "whose fold").choices(services).default("router"))
    .option("--diff <points...>", "what differs between two points")
    .option("--json", "as one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (options: Options) => {
      await using log = await OperatorLog.open(context);
      if (options.diff === undefined) await replay(context, log, options);
      else await compare(context, log, options, options.diff);
    });
}

async function replay({ terminal }: CommandContext, log: OperatorLog, options: Options): Promise<void> {
  const to = await toSequence(log, options.to);
  const from = options.from === undefined ? undefined : await fromSequence(log, options.from);
  const [state] = await foldAt(terminal, log, options.service, [to], from);
  if (state === undefined) return;
  if (options.json === true) terminal.json(state);
  else showState(terminal, state);
  if (state.snapshot !== undefined && !state.snapshot.same)
    throw new Exit(EXIT.failed, `the snapshot at #${state.snapshot.sequence} is not what the log gives`);
}

async function compare(
  { terminal }: CommandContext,
  log: OperatorLog,
  options: Options,
  points: string[],
): Promise<void> {
  const [first, second, ...more] = points;
  if (first === undefined || second === undefined || more.length > 0)
    throw new DspexError("invalid_inputs", "--diff takes two points, e.g. --diff 1000 1042");
  const sequences = [await toSequence(log, first), await toSequence(log, second)].sort((a, b) => a - b);
  const [before, after] = await foldAt(terminal, log, options.service, sequences);
  if (before === undefined || after === undefined) return;
  const differences = stateDifferences(before.state, after.state);
  const { service } = options;
  if (options.json === true) {
    const head = ({ sequence, hash }: FoldedState) => ({ sequence, hash });
    terminal.json({ service, before: head(before), after: head(after), differences });
    return;
  }
  terminal.line(
    `${service} from #${before.sequence} to #${after.sequence}: ${differences.length} differences`,
  );
  for (const { path, before: old, after: now } of differences) {
    if (old !== undefined) terminal.line(terminal.paint("red", `- ${path}: ${stringifyJson(old)}`));
    if (now !== undefined) terminal.line(terminal.paint("green", `+ ${path}: ${stringifyJson(now)}`));
  }
}

function showState(terminal: Terminal, folded: FoldedState): void {
  const { service, sequence, hash, messages, tookMs, snapshot } = folded;
  const rate = Math.round(messages / Math.max(tookMs / 1_000, 0.001)).toLocaleString("en");
  terminal.line(`${terminal.paint("bold", service)} at #${sequence}`);
  terminal.line(`hash      ${hash}`);
  terminal.line(
    `folded    ${messages.toLocaleString("en")} messages in ${Math.round(tookMs)} ms (${rate}/s)`,
  );
  if (snapshot !== undefined) {
    const verdict = snapshot.same
      ? terminal.paint("green", "same hash")
      : terminal.paint("red", "another hash");
    terminal.line(`snapshot  #${snapshot.sequence} ${verdict}`);
  }
  const lines = JSON.stringify(
    folded.state,
    (_, value) => (typeof value === "bigint" ? `${value}` : value),
    2,
  ).split("\n");
  for (const line of lines.slice(0, SHOWN_LINES)) terminal.line(line);
  if (lines.length > SHOWN_LINES)
    terminal.note(`… ${lines.length - SHOWN_LINES} more lines: dspex replay --service ${service} --json`);
}

async function toSequence(log: OperatorLog, text: string | undefined): Promise<number> {
  const last = await log.lastSequence();
  if (text === undefined) return last;
  const point = parseLogPoint(text, Date.now());
  if (point.kind === "time") return (await log.sequenceAt(point.timeMs)) - 1;
  if (point.sequence > last)
    throw new DspexError("invalid_inputs", `the log ends with sequence ${last}, before ${text}`);
  return point.sequence;
}

async function fromSequence(log: OperatorLog, text: string): Promise<number> {
  const point = parseLogPoint(text, Date.now());
  return point.kind === "time" ? log.sequenceAt(point.timeMs) : Math.max(point.sequence, 1);
}
