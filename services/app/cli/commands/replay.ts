// `dspex replay`: folds the log up to a point with a service's own evolve, takes decisions again, judges policies by
// it. Calls no model, changes nothing.

import { existsSync, readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { stringifyJson } from "../../../../schemas/envelope/json.ts";
import { DspexError } from "../../../../schemas/errors.ts";
import { type CommandContext, wholeNumber } from "../context.ts";
import { type EvaluatedPolicy, parsePolicy } from "../evaluate/policy.ts";
import { evaluationJson, showEvaluation } from "../evaluate/report.ts";
import { evaluatePolicy } from "../evaluate/run.ts";
import { EXIT, Exit } from "../exit-codes.ts";
import { FOLDED_SERVICES, type FoldedServiceName } from "../folds.ts";
import { OperatorLog } from "../operator-log.ts";
import { type FoldedState, foldAt } from "../replay.ts";
import { fromSequence, toSequence, windowOf } from "../replay-points.ts";
import { stateDifferences } from "../state-diff.ts";
import type { Terminal } from "../terminal.ts";
import { isVerified, showVerify, verifyJson } from "../verify/report.ts";
import { verify } from "../verify/run.ts";

const EXAMPLES = `
Examples:
  dspex replay                                  the router's state now, rebuilt from the log
  dspex replay --to 1042                        … as it was after sequence 1042
  dspex replay --to 10m --json                  … as it was ten minutes ago
  dspex replay --diff 1000 1042                 what changed between the two
  dspex replay --service programs --from 500    only what happened from there on
  dspex replay --verify                         takes every decision again: all must come out the same
  dspex replay --evaluate uniform               what another policy would have got on this log
  dspex replay --evaluate '{"rule":"fixed","order":["plain","predict"]}' --program answer
  dspex replay --evaluate policy.json --from 1d --json`;

interface Options {
  to?: string;
  from?: string;
  service: FoldedServiceName;
  diff?: string[];
  verify?: boolean;
  show: number;
  evaluate?: string;
  program?: string;
  json?: boolean;
}

const SHOWN_LINES = 200;
const SHOWN_DIFFERENCES = 10;

export function replayCommand(context: CommandContext): Command {
  const services = Object.keys(FOLDED_SERVICES);
  return new Command("replay")
    .description(
      "Rebuilds a service's state at any point of the log, with its hash; takes its decisions again; judges " +
        "other policies by it. Calls no model.",
    )
    .option("--to <point>", "a sequence, a time, or an age such as 10m (default: the end)")
    .option("--from <point>", "which decisions, or where to fold from with an empty state")
    .addOption(new Option("--service <service>", "whose fold").choices(services).default("router"))
    .option("--diff <points...>", "what differs between two points")
    .addOption(
      new Option("--verify", "take every decision between --from and --to again, bit for bit").conflicts(
        "diff",
      ),
    )
    .option("--show <n>", "differences that --verify shows in full", wholeNumber, SHOWN_DIFFERENCES)
    .addOption(
      new Option("--evaluate <policy>", "declared-order, uniform, thompson, JSON or a file").conflicts([
        "verify",
        "diff",
      ]),
    )
    .option("--program <name>", "evaluate its decisions alone")
    .option("--json", "as one JSON object")
    .addHelpText("after", EXAMPLES)
    .action(async (options: Options) => {
      const policy = options.evaluate === undefined ? undefined : parsePolicy(options.evaluate, readIfThere);
      await using log = await OperatorLog.open(context);
      if (policy !== undefined) await evaluate(context, log, policy, options);
      else if (options.verify === true) await verifyAll(context, log, options);
      else if (options.diff === undefined) await replay(context, log, options);
      else await compare(context, log, options, options.diff);
    });
}

async function evaluate(
  { terminal }: CommandContext,
  log: OperatorLog,
  policy: EvaluatedPolicy,
  { from, to, program, json }: Options,
): Promise<void> {
  const window = await windowOf(log, from, to);
  const report = await evaluatePolicy(terminal, log, policy, { window, program });
  if (json === true) terminal.json(evaluationJson(report));
  else showEvaluation(terminal, report);
}

async function verifyAll(
  { terminal }: CommandContext,
  log: OperatorLog,
  { from, to, show, json }: Options,
): Promise<void> {
  const report = await verify(terminal, log, { window: await windowOf(log, from, to), shown: show });
  if (json === true) terminal.json(verifyJson(report));
  else showVerify(terminal, report);
  if (!isVerified(report)) throw new Exit(EXIT.failed);
}

/** Undefined where there is no such file. */
function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
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
