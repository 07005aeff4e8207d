// `dspex feedback`: judges the result of a request.

import { Command, InvalidArgumentError } from "commander";
import { asClient } from "../client.ts";
import type { CommandContext } from "../context.ts";

const EXAMPLES = `
Examples:
  dspex feedback local.k3f9.1 1 "right"
  dspex feedback local.k3f9.1 0.2 --metric tone --key anna`;

interface FeedbackOptions {
  metric?: string;
  key?: string;
  user?: string;
  json?: boolean;
}

export function feedbackCommand(context: CommandContext): Command {
  return new Command("feedback")
    .description("Judges a result: 0 is wrong, 1 is right.")
    .argument("<id>", "the request's id")
    .argument("<score>", "0 to 1", score)
    .argument("[comment]", "why")
    .option("--metric <name>", "what was looked at, such as exact")
    .option("--key <text>", "who or what judges: the first by each metric and key counts")
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (id: string, value: number, comment: string | undefined, options: FeedbackOptions) => {
      const { metric, key, user, json } = options;
      await using dspex = await asClient(context, user);
      const counts = await dspex.feedback(id, value, {
        ...(comment !== undefined && { comment }),
        ...(metric !== undefined && { metric }),
        ...(key !== undefined && { key }),
      });
      if (json === true) context.terminal.json({ id, score: value, duplicate: !counts });
      else context.terminal.line(counts ? `noted ${value} for ${id}` : `unchanged: ${id} was judged before`);
    });
}

function score(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError("Expected a number from 0 to 1.");
  return value;
}
