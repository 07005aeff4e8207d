// `dspex up` (= `npm start`): everything in the foreground, until Ctrl-C.

import { Command, InvalidArgumentError } from "commander";
import type { UpFlags } from "../../foreground.ts";
import { type CommandContext, wholeNumber } from "../context.ts";

const EXAMPLES = `
Examples:
  npm start                                       everything on 127.0.0.1:4222, then a few demo calls
  dspex up --port 0 --no-demo --ready-fd 3        for scripts: "ready <url>" on standard output and descriptor 3
  dspex up --sync always                          every write synced before it is acknowledged
  dspex up --nats-url nats://nats:4222 --parts router,gateway    some parts, on a server that runs elsewhere

The home (DSPEX_HOME, default .dspex) has the log, the credentials and the pools' logs; one "up" a home.
SIGINT, SIGTERM and SIGHUP stop everything in order within 10 s; a second one ends it at once.`;

export function upCommand(context: CommandContext): Command {
  return new Command("up")
    .description("Starts everything in the foreground: broker, services, Python pools, local model.")
    .option("--port <port>", "port of the embedded nats-server; 0 takes a free one", port, 4_222)
    .option(
      "--sync <interval>",
      "always, or how long acknowledged writes may wait for fsync",
      syncInterval,
      "1s",
    )
    .option("--nats-url <url>", "use this server instead of starting one")
    .option("--parts <names>", "only these parts, separated by commas (default: all)", names)
    .option("--instance <n>", "number of this process among those that run the same part", wholeNumber, 1)
    .option("--config <file>", "the application's configuration (default: dspex.config.ts here)")
    .option("--no-demo", "no demo calls after the start")
    .option("--ready-fd <fd>", "also write the ready line to this file descriptor", wholeNumber)
    .option("--json", "the ready line as JSON")
    .option("--otlp-endpoint <url>", "send traces there, e.g. http://127.0.0.1:4318")
    .option("--sampling <ratio>", "share of new traces that are recorded, 0 to 1 (default: 1)", ratio)
    .addHelpText("after", EXAMPLES)
    .action(async (flags: UpFlags) => {
      const { runForeground } = await import("../../foreground.ts");
      await runForeground(context, flags);
    });
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535) throw new InvalidArgumentError("Expected 0 to 65535.");
  return value;
}

function syncInterval(text: string): string {
  if (text !== "always" && !/^\d+(ms|s|m)$/.test(text))
    throw new InvalidArgumentError('Expected "always" or a duration such as 1s, 500ms, 2m.');
  return text;
}

function names(text: string): string[] {
  return text.split(",").filter((name) => name !== "");
}

function ratio(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) throw new InvalidArgumentError("Expected 0 to 1.");
  return value;
}
