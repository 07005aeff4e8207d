// `dspex env`: the login of a user or a role as shell exports, so that the plain `nats` command and any client work.

import { Command } from "commander";
import { DspexError } from "../../../../schemas/errors.ts";
import { isRole, ROLES } from "../../../broker/mod.ts";
import { roleTarget, type Target, userTarget } from "../../target.ts";
import type { CommandContext } from "../context.ts";

const EXAMPLES = `
Examples:
  eval "$(npx dspex env)"                    then: nats req dspex-api.local.call.answer '{"question": "…"}'
  eval "$(npx dspex env --role operator)"    then: nats --inbox-prefix $DSPEX_INBOX_PREFIX consumer ls DSPEX
  npx dspex env --user alice --json`;

interface Options {
  role?: string;
  user?: string;
  json?: boolean;
}

export function envCommand({ terminal, environment }: CommandContext): Command {
  return new Command("env")
    .description("Prints shell exports (NATS_URL, NATS_USER, NATS_PASSWORD) for a user or a role.")
    .option("--role <role>", `login of a part: ${ROLES.join(", ")}`)
    .option("--user <name>", "login of an application user (default: local)")
    .option("--json", "as JSON")
    .addHelpText("after", EXAMPLES)
    .action(({ role, user, json }: Options) => {
      const target = role === undefined ? userTarget(environment, user) : ofRole(role);
      if (json === true) terminal.json(target);
      else terminal.text(shellExports(target));
    });

  function ofRole(role: string): Target {
    if (!isRole(role)) throw new DspexError("not_found", `there is no role ${JSON.stringify(role)}`);
    return roleTarget(environment, role);
  }
}

export function shellExports({ url, user, password, inboxPrefix }: Target): string {
  const variables: Record<string, string> = {
    NATS_URL: url,
    NATS_USER: user,
    NATS_PASSWORD: password,
    ...(inboxPrefix !== undefined && { DSPEX_INBOX_PREFIX: inboxPrefix }),
  };
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuoted(value)}\n`);
  return lines.join("");
}

/** One word for any POSIX shell, whatever is in it. */
export function shellQuoted(value: string): string {
  return /^[A-Za-z0-9_/:.,@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
