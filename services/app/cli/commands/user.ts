// `dspex user`: application users of the home, each an account of its own in the broker.

import { Command } from "commander";
import { addUser, listUsers, removeUser } from "../../../broker/mod.ts";
import type { CommandContext } from "../context.ts";

const EXAMPLES = `
Examples:
  dspex user add alice            its login: eval "$(npx dspex env --user alice)"
  dspex user add root --admin     may register programs, set variables, promote policies
  dspex user remove alice         cuts its connections at once`;

export function userCommand({ terminal, environment }: CommandContext): Command {
  const { home } = environment;
  const command = new Command("user")
    .description("Adds, lists and removes application users; a running server follows at once.")
    .addHelpText("after", EXAMPLES);
  command
    .command("add <name>")
    .description("Adds a user with a password of its own.")
    .option("--admin", "may change what concerns all users")
    .option("--json", "as JSON, with the password")
    .action(async (name: string, { admin = false, json }: { admin?: boolean; json?: boolean }) => {
      const user = await addUser(home, name, { admin });
      if (json === true) terminal.json(user);
      else {
        terminal.line(`added ${name}${admin ? " (admin)" : ""}`);
        terminal.note(`its login: eval "$(npx dspex env --user ${name})"`);
      }
    });
  command
    .command("list")
    .description("Lists the users.")
    .option("--json", "as JSON")
    .action(({ json }: { json?: boolean }) => {
      const users = listUsers(home);
      if (json === true) terminal.json(users);
      else for (const { name, admin } of users) terminal.line(`${name}${admin ? "  admin" : ""}`);
    });
  command
    .command("remove <name>")
    .description("Removes a user; its connections are cut, its requests and results stay in the log.")
    .option("--json", "as JSON")
    .action(async (name: string, { json }: { json?: boolean }) => {
      await removeUser(home, name);
      if (json === true) terminal.json({ removed: name });
      else terminal.line(`removed ${name}`);
    });
  return command;
}
