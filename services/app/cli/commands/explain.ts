// `dspex explain`: why a request went where it went, and what became of it.

import { Command } from "commander";
import { asClient } from "../client.ts";
import type { CommandContext } from "../context.ts";
import { explanationLines } from "../explain-view.ts";

const EXAMPLES = `
Examples:
  dspex explain local.k3f9.1
  dspex explain order-42                     an id of your own choosing, given with --id
  dspex explain local.k3f9.1 --json | jq '.candidates[] | {implementation, probability, why}'

Chances are those with which each implementation could have been chosen; → marks the chosen one, × what could not take
the request. What is known of each is what had been published when the request was routed.`;

interface Options {
  json?: boolean;
  user?: string;
}

export function explainCommand(context: CommandContext): Command {
  return new Command("explain")
    .description("Says why a request went where it went, and what became of it.")
    .argument("<id>", "the request's id")
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (id: string, { user, json }: Options) => {
      const { terminal } = context;
      await using dspex = await asClient(context, user);
      const explanation = await dspex.explain(id);
      if (json === true) return terminal.json(explanation);
      const lines = explanationLines(explanation, (style, text) => terminal.paint(style, text));
      for (const line of lines) terminal.line(line);
    });
}
