// What the subcommands of `dspex pipeline` have in common.

import { Command } from "commander";

export interface Common {
  user?: string;
  json?: boolean;
}

export function subcommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON");
}
