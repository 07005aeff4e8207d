// `dspex cancel`: asks to cancel a request.

import { Command } from "commander";
import { asClient } from "../client.ts";
import type { CommandContext } from "../context.ts";

const EXAMPLES = `
Example:
  dspex cancel local.k3f9.1 && dspex result local.k3f9.1 --wait`;

export function cancelCommand(context: CommandContext): Command {
  return new Command("cancel")
    .description("Asks to cancel a request; one that has a result keeps it.")
    .argument("<id>", "the request's id")
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (id: string, { user, json }: { user?: string; json?: boolean }) => {
      await using dspex = await asClient(context, user);
      await dspex.cancel(id);
      if (json === true) context.terminal.json({ id, cancelRequested: true });
      else context.terminal.line(`asked to cancel ${id}`);
    });
}
