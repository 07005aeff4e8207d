// `dspex pipeline`: pipelines, their runs, and what happens in them.

import { Command } from "commander";
import type { CommandContext } from "../context.ts";
import {
  describeCommand,
  graphCommand,
  listCommand,
  registerCommand,
  removeCommand,
  validateCommand,
} from "../pipeline/definition-commands.ts";
import { rerunCommand, runCommand, watchCommand } from "../pipeline/run-commands.ts";
import {
  analyzeCommand,
  approveCommand,
  cancelCommand,
  runsCommand,
  showCommand,
  signalCommand,
} from "../pipeline/state-commands.ts";

const EXAMPLES = `
Examples:
  dspex pipeline validate brief.yaml           what is wrong with it, line by line
  dspex pipeline run brief.yaml text=@a.txt    shows each stage as it runs; Ctrl-C cancels the run
  dspex pipeline register brief.yaml
  dspex pipeline run brief text="…" --detach   prints the run's id
  dspex pipeline watch <run>                   Ctrl-C stops showing it, the run goes on
  dspex pipeline graph brief --output brief.svg
  dspex pipeline approve <run> --note "go on"
  dspex pipeline rerun <run> --from draft      what is before it is taken over
  dspex pipeline analyze brief                 where the time goes, and what to change`;

export function pipelineCommand(context: CommandContext): Command {
  const command = new Command("pipeline").description("Runs, shows, draws and registers pipelines.");
  command.addHelpText("after", EXAMPLES);
  for (const make of [
    runCommand,
    watchCommand,
    runsCommand,
    showCommand,
    graphCommand,
    cancelCommand,
    rerunCommand,
    signalCommand,
    approveCommand,
    listCommand,
    describeCommand,
    validateCommand,
    registerCommand,
    removeCommand,
    analyzeCommand,
  ])
    command.addCommand(make(context));
  return command;
}
