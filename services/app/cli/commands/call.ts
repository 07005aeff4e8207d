// `dspex call`: one request, and its answer.

import { Command } from "commander";
import type { Result } from "../../../../schemas/messages/result.ts";
import { parseSignatureJson } from "../../../../schemas/signature/mod.ts";
import type { Dspex } from "../../../client/mod.ts";
import { asClient, inputReader } from "../client.ts";
import { type CommandContext, duration } from "../context.ts";
import { parseInputs } from "../inputs.ts";
import { callOptions, INPUTS_HELP, type RequestFlags, withRequestOptions } from "../request-options.ts";
import { showResult } from "../result-view.ts";
import { showStream } from "../stream-view.ts";
import { waitFor } from "../wait-for.ts";

const EXAMPLES = `
Examples:
  dspex call answer question="What is the capital of France?"
  dspex call summarize text=@article.txt --deadline 1m
  echo '{"question": "Why?"}' | dspex call answer - --json
  dspex call answer question="And of Spain?" --session travel --full
  dspex call summarize text=@article.txt --stream
  dspex call summarize text=@article.txt --stream --json | jq -r .text

Ctrl-C cancels the request.`;

interface Options extends RequestFlags {
  full?: boolean;
  json?: boolean;
  stream?: boolean;
  wait?: number;
}

export function callCommand(context: CommandContext): Command {
  const command = new Command("call")
    .description("Calls a program and prints its outputs.")
    .argument("<program>", "its name; dspex program list shows them")
    .argument("[inputs...]", INPUTS_HELP);
  return withRequestOptions(command)
    .option("--wait <duration>", "stop waiting after this; the request goes on", duration)
    .option(
      "--stream",
      "show the outputs while they are made; with --json a line for each piece, then the result",
    )
    .option("--full", "the whole result: attempts, decision, timings, usage")
    .option("--json", "one line of JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (program: string, words: string[], options: Options) => {
      const inputs = parseInputs(words, inputReader);
      await using dspex = await asClient(context, options.user);
      const { stream = false, json } = options;
      const run = await dspex
        .program(program)
        .submit(inputs, { ...callOptions(options), ...(stream && { stream }) });
      const waited = {
        id: run.id,
        result: async () => (await run.result()) as Result,
        cancel: () => run.cancel(),
      };
      const showing = stream
        ? showStream(context.terminal, run.stream(), {
            json,
            isOnlyOutput: await hasOneOutput(dspex, program),
          })
        : undefined;
      // The result tells what ends the stream, and the command does not wait for one that lags behind it for ever.
      const shown = showing?.catch(() => false);
      const result = await waitFor(context, waited, options.wait);
      showResult(context.terminal, result, { ...options, isShown: await shown, followsPieces: stream });
    });
}

async function hasOneOutput(dspex: Dspex, program: string): Promise<boolean> {
  const { signature } = await dspex.describe(program);
  return parseSignatureJson(signature).outputs.length === 1;
}
