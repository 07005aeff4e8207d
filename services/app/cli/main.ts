// The dspex command: reads the arguments, runs one command, and turns what it throws into a line and an exit code.

import { Command, CommanderError } from "commander";
import { asDspexError } from "../../../schemas/errors.ts";
import { BrokerError } from "../../broker/mod.ts";
import { ConfigurationDiffers } from "../../keeper/mod.ts";
import { readEnvironment } from "../config.ts";
import { loadCommands } from "./commands.ts";
import type { CommandContext } from "./context.ts";
import { EXIT, Exit, exitCodeOf } from "./exit-codes.ts";
import { listenToSignals } from "./signals.ts";
import { endWithReader, Terminal, type TerminalSettings } from "./terminal.ts";

const DESCRIPTION = `Language-model programs as durable, traced services on a NATS log.

"npm start" (= "dspex up") starts everything; the other commands talk to what runs from the same home
(DSPEX_HOME, by default .dspex), or to the server and user that NATS_URL, NATS_USER and NATS_PASSWORD name.`;

const EXIT_CODES = `
Exit codes: 0 done · 1 the request failed, or doctor found something · 2 wrong arguments · 3 nothing answers
there · 4 refused · 5 not found · 6 no result yet · 130 Ctrl-C`;

export interface MainSettings extends TerminalSettings {
  /** Aborts instead of Ctrl-C. */
  interrupted?: AbortSignal;
}

/** Runs one command line; resolves with the exit code. */
export async function main(commandLine: readonly string[], settings: MainSettings = {}): Promise<number> {
  const terminal = new Terminal(settings);
  if (settings.output === undefined) endWithReader(process.stdout);
  if (settings.errors === undefined) endWithReader(process.stderr);
  const wantsJson = commandLine.includes("--json");
  try {
    const environment = readEnvironment(settings.variables);
    const signals = settings.interrupted === undefined ? listenToSignals() : undefined;
    const interrupted = signals?.interrupted ?? settings.interrupted ?? new AbortController().signal;
    const ended = signals?.ended ?? new AbortController().signal;
    const context = { terminal, environment, interrupted, ended };
    const root = buildCommand(context, await loadCommands(commandLine, context));
    await root.parseAsync([...commandLine], { from: "user" });
    return EXIT.ok;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
    tell(terminal, thrown, wantsJson);
    return exitCodeOf(thrown);
  }
}

export function buildCommand({ terminal }: CommandContext, commands: readonly Command[]): Command {
  const root = new Command("dspex");
  root
    .description(DESCRIPTION)
    .addHelpText("after", EXIT_CODES)
    .exitOverride()
    .showHelpAfterError("(--help shows what it takes)")
    .configureOutput({
      writeOut: (text) => terminal.text(text),
      writeErr: (text) => terminal.note(text.trimEnd()),
      getOutHelpWidth: () => Math.min(terminal.columns, 110),
      getErrHelpWidth: () => Math.min(terminal.columns, 110),
    });
  for (const command of commands) root.addCommand(inherit(command, root));
  return root;
}

/** commander hands neither its output nor its way to exit on to commands that are added whole. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

function tell(terminal: Terminal, thrown: unknown, wantsJson: boolean): void {
  if (thrown instanceof Exit) {
    if (thrown.message !== "") terminal.note(thrown.message);
    return;
  }
  if (thrown instanceof BrokerError || thrown instanceof ConfigurationDiffers) {
    const hint =
      thrown instanceof BrokerError && thrown.kind === "port-in-use" ? "; choose another with --port" : "";
    terminal.note(`dspex: ${thrown.message}${hint}`);
    return;
  }
  const error = asDspexError(thrown);
  if (wantsJson) terminal.json({ error: error.toWire() });
  else terminal.note(`dspex: ${terminal.paint("red", error.code)}: ${error.message}`);
  if (error.code === "internal" && thrown instanceof Error)
    terminal.note(terminal.paint("dim", thrown.stack ?? ""));
}
