// The commands in the order in which `dspex --help` lists them. Each is loaded when it is needed: a command that only
// prints the environment must not wait for the client library and the folds.

import type { Command } from "commander";
import type { CommandContext } from "./context.ts";

type LoadCommand = () => Promise<(context: CommandContext) => Command>;

export const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  up: async () => (await import("./commands/up.ts")).upCommand,
  env: async () => (await import("./commands/env.ts")).envCommand,
  call: async () => (await import("./commands/call.ts")).callCommand,
  submit: async () => (await import("./commands/submit.ts")).submitCommand,
  result: async () => (await import("./commands/result.ts")).resultCommand,
  cancel: async () => (await import("./commands/cancel.ts")).cancelCommand,
  feedback: async () => (await import("./commands/feedback.ts")).feedbackCommand,
  watch: async () => (await import("./commands/watch.ts")).watchCommand,
  log: async () => (await import("./commands/log.ts")).logCommand,
  explain: async () => (await import("./commands/explain.ts")).explainCommand,
  replay: async () => (await import("./commands/replay.ts")).replayCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand,
  program: async () => (await import("./commands/program.ts")).programCommand,
  optimize: async () => (await import("./commands/optimize.ts")).optimizeCommand,
  versions: async () => (await import("./commands/versions.ts")).versionsCommand,
  policy: async () => (await import("./commands/policy.ts")).policyCommand,
  variable: async () => (await import("./commands/variable.ts")).variableCommand,
  session: async () => (await import("./commands/session.ts")).sessionCommand,
  pipeline: async () => (await import("./commands/pipeline.ts")).pipelineCommand,
  user: async () => (await import("./commands/user.ts")).userCommand,
};

/** The one that is named first, or all of them for `--help` and for what is none. */
export async function loadCommands(
  commandLine: readonly string[],
  context: CommandContext,
): Promise<Command[]> {
  const [first = ""] = commandLine;
  const named = Object.hasOwn(COMMANDS, first) ? [COMMANDS[first]] : Object.values(COMMANDS);
  const loaded = await Promise.all(named.map((load) => load?.()));
  return loaded.flatMap((command) => (command === undefined ? [] : [command(context)]));
}
