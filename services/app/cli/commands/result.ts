// `dspex result`: the stored result of a request.

import { Command } from "commander";
import { asDspexError } from "../../../../schemas/errors.ts";
import { DEFAULT_DEADLINE_MS } from "../../../../schemas/limits.ts";
import { asClient } from "../client.ts";
import { type CommandContext, duration } from "../context.ts";
import { EXIT, Exit } from "../exit-codes.ts";
import { showResult } from "../result-view.ts";
import { showStream } from "../stream-view.ts";

const EXAMPLES = `
Examples:
  dspex result local.k3f9.1
  dspex result order-42 --wait 30s      an id of your own choosing, given with --id
  dspex result local.k3f9.1 --full --json | jq .timings
  dspex result local.k3f9.1 --stream --json --after 1.1.41`;

interface Options {
  wait?: number | true;
  full?: boolean;
  json?: boolean;
  stream?: boolean;
  after?: string;
  user?: string;
}

export function resultCommand(context: CommandContext): Command {
  return new Command("result")
    .description("Prints the result of a request; exit code 6 while there is none.")
    .argument("<id>", "the request's id")
    .option("--wait [duration]", "wait for it (default 5m)", duration)
    .option("--stream", "its pieces first, also those that are still to come; waits for the result")
    .option("--after <position>", "only the pieces behind this one, by the position that each has")
    .option("--full", "the whole result: attempts, decision, timings, usage")
    .option("--json", "one line of JSON")
    .option("--user <name>", "as this application user (default: local)")
    .addHelpText("after", EXAMPLES)
    .action(async (id: string, options: Options) => {
      const { stream = false, json, after } = options;
      const { wait } = options;
      const waitMs = wait === true || (stream && wait === undefined) ? DEFAULT_DEADLINE_MS : (wait ?? 0);
      await using dspex = await asClient(context, options.user);
      const stopped = new Promise<never>((_, reject) => {
        context.interrupted.addEventListener("abort", () => reject(new Exit(EXIT.interrupted)));
      });
      let isShown = false;
      if (stream) {
        const chunks = dspex.run(id).stream({ after });
        const showing = showStream(context.terminal, chunks, { json, isOnlyOutput: false });
        // What ends a stream before its time is told by the result.
        isShown = await Promise.race([showing, stopped]).catch((thrown: unknown) => {
          if (thrown instanceof Exit || asDspexError(thrown).code === "invalid_inputs") throw thrown;
          return false;
        });
      }
      const result = await Promise.race([dspex.result(id, { waitMs }), stopped]).catch((thrown: unknown) => {
        if (asDspexError(thrown).message.includes("not finished yet"))
          throw new Exit(EXIT.pending, options.json === true ? "" : `${id} is not finished yet`);
        throw thrown;
      });
      showResult(context.terminal, result, { ...options, isShown, followsPieces: stream });
    });
}
