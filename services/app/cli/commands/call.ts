// `dspex call`: one request, and its answer.

import { Command } from "commander";
import type { Result } from "../../../../schemas/messages/result.ts";
import { asClient, inputReader } from "../client.ts";
import { type CommandContext, duration } from "../context.ts";
import { parseInputs } from "../inputs.ts";
import { callOptions, INPUTS_HELP, type RequestFlags, withRequestOptions } from "../request-options.ts";
import { showResult } from "../result-view.ts";
import { waitFor } from "../wait-for.ts";

const EXAMPLES = `
Examples:
  dspex call answer question="What is the capital of France?"
  dspex call summarize text=@article.txt --deadline 1m
  echo '{"question": "Why?"}' | dspex call answer - --json
  dspex call answer question="And of Spain?" --session travel --full

Ctrl-C cancels the request.`;

interface Options extends RequestFlags {
  full?: boolean;
  json?: boolean;
  wait?: number;
}

export function callCommand(context: CommandContext): Command {
  const command = new Command("call")
    .description("Calls a program and prints its outputs.")
    .argument("<program>", "its name; dspex program list shows them")
    .argument("[inputs...]", INPUTS_HELP);
  return withRequestOptions(command)
    .option("--wait <duration>", "stop waiting after this; the request goes on", duration)
    .option("--full", "the whole result: attempts, decision, timings, usage")
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (program: string, words: string[], options: Options) => {
      const inputs = parseInputs(words, inputReader);
      await using dspex = await asClient(context, options.user);
      const run = await dspex.program(program).submit(inputs, callOptions(options));
      const waited = {
        id: run.id,
        result: async () => (await run.result()) as Result,
        cancel: () => run.cancel(),
      };
      showResult(context.terminal, await waitFor(context, waited, options.wait), options);
    });
}
