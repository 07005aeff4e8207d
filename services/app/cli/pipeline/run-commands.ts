// `dspex pipeline run|rerun|watch`: starts a run and shows it to its end, or shows one that is on.

import type { Command } from "commander";
import type { PipelineGraph } from "../../../../schemas/messages/pipeline-definition.ts";
import type { Dspex, PipelineRun, RunOptions } from "../../../client/mod.ts";
import { streamingStages } from "../../../client/pipelines/streaming-stages.ts";
import { asClient, inputReader } from "../client.ts";
import { type CommandContext, duration, wholeNumber } from "../context.ts";
import { parseInputs } from "../inputs.ts";
import { INPUTS_HELP } from "../request-options.ts";
import { type Common, subcommand } from "./common.ts";
import { follow } from "./follow.ts";
import { withLines } from "./problems.ts";
import { showRunResult } from "./result-view.ts";
import { goalOption, variablesOption } from "./run-options.ts";
import { isFile, pipelineIn } from "./source.ts";

interface Shown extends Common {
  detach?: boolean;
  stream?: boolean;
  full?: boolean;
}

interface RunFlags extends Shown {
  name?: string;
  run?: string;
  pipelineVersion?: string;
  deadline?: number;
  concurrency?: number;
  priority?: number;
  prefer?: "speed" | "quality" | "cost";
  variables?: Record<string, unknown>;
  session?: string;
}

export function runCommand(context: CommandContext): Command {
  return shown(subcommand("run", "Runs a pipeline and shows it to its end. Ctrl-C cancels the run."))
    .argument("<pipeline>", "name of a registered one, or a file: YAML, JSON, a module that exports some")
    .argument("[inputs...]", INPUTS_HELP)
    .option("--name <name>", "which pipeline of a module with several")
    .option("--run <id>", "an id of your own, letters and digits: the same again is that run")
    .option("--pipeline-version <version>", "this version of a registered pipeline (default: the newest)")
    .option("--deadline <duration>", "the run is cancelled after this, e.g. 10m (default 1h)", duration)
    .option("--concurrency <n>", "requests at once (default 16)", wholeNumber)
    .option("--priority <0-9>", "9 is the most urgent, 5 the default", wholeNumber)
    .option("--prefer <goal>", "speed, quality or cost", goalOption)
    .option("--variables <json>", "values of variables for its requests", variablesOption)
    .option("--session <session>", "its requests are turns of a conversation")
    .action(async (what: string, words: string[], flags: RunFlags) => {
      const inputs = parseInputs(words, inputReader);
      await using dspex = await asClient(context, flags.user);
      const { name, run } = await start(dspex, what, inputs, flags);
      await showRun(context, run, { ...flags, pipeline: name });
    });
}

export function rerunCommand(context: CommandContext): Command {
  return shown(
    subcommand("rerun", "Runs again what ran; stages that finished with the same inputs are taken over.")
      .argument("<run>", "its id; dspex pipeline runs shows them")
      .argument("[inputs...]", `other inputs: ${INPUTS_HELP}`)
      .option("--from <stage>", "this stage and all that follow from it are run again"),
  ).action(async (id: string, words: string[], flags: Shown & { from?: string }) => {
    const inputs = words.length === 0 ? undefined : parseInputs(words, inputReader);
    await using dspex = await asClient(context, flags.user);
    const before = dspex.pipelines.get(id);
    const run = await before.rerun({
      ...(flags.from !== undefined && { from: flags.from }),
      ...(inputs !== undefined && { inputs }),
    });
    const { pipeline } = await run.progress();
    await showRun(context, run, { ...flags, pipeline });
  });
}

export function watchCommand(context: CommandContext): Command {
  return subcommand("watch", "Shows a run to its end. Ctrl-C stops showing it; the run goes on.")
    .argument("<run>", "its id; dspex pipeline runs shows them")
    .option("--stream", "what its streaming stages write, too")
    .option("--full", "the whole result in the end")
    .action(async (id: string, flags: Shown) => {
      await using dspex = await asClient(context, flags.user);
      const run = dspex.pipelines.get(id);
      const { pipeline } = await run.progress();
      const result = await follow(context, run, { ...flags, pipeline, onInterrupt: "leave" });
      showRunResult(context.terminal, result, flags);
    });
}

function shown(command: Command): Command {
  return command
    .option("--detach", "print the run's id once it is in the log, and go")
    .option("--stream", "what its streaming stages write, as they write it")
    .option("--full", "the whole result: stages, timings, usage");
}

async function start(
  dspex: Dspex,
  what: string,
  inputs: Record<string, unknown>,
  flags: RunFlags,
): Promise<{ name: string; run: PipelineRun }> {
  const options = runOptions(flags);
  const streams = (definition: PipelineGraph) => {
    // Where no stage says that it streams, all of them shall.
    if (flags.stream === true && streamingStages(definition, false).size === 0) options.stream = true;
  };
  if (!isFile(what)) {
    if (flags.stream === true)
      streams((await dspex.pipelines.describe(what, flags.pipelineVersion)).definition);
    return { name: what, run: await dspex.pipeline(what).run(inputs, options) };
  }
  const { declaration, tell } = await pipelineIn(what, flags.name);
  streams(declaration);
  const run = await withLines(tell, () => dspex.pipeline(declaration).run(inputs, options));
  return { name: declaration.name, run };
}

function runOptions(flags: RunFlags): RunOptions {
  const { run, pipelineVersion, deadline, concurrency, priority, prefer, variables, session } = flags;
  return {
    ...(run !== undefined && { run }),
    ...(pipelineVersion !== undefined && { version: pipelineVersion }),
    ...(deadline !== undefined && { deadlineMs: Math.round(deadline) }),
    ...(concurrency !== undefined && { concurrency }),
    ...(priority !== undefined && { priority }),
    ...(prefer !== undefined && { prefer }),
    ...(variables !== undefined && { variables }),
    ...(session !== undefined && { session }),
  };
}

async function showRun(
  context: CommandContext,
  run: PipelineRun,
  flags: Shown & { pipeline: string },
): Promise<void> {
  const { terminal } = context;
  if (flags.detach === true) {
    if (flags.json === true) terminal.json({ run: run.id });
    else terminal.line(run.id);
    return;
  }
  const result = await follow(context, run, { ...flags, onInterrupt: "cancel" });
  showRunResult(terminal, result, flags);
}
