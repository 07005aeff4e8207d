// `dspex versions`: the versions of a program, what differs between them, and which one is used.

import { Command } from "commander";
import type { ProgramDefinition } from "../../../../schemas/messages/program-event.ts";
import { Api } from "../../../client/api.ts";
import type { VersionsInfo } from "../../../client/program-versions.ts";
import { asUser, type CommandContext, wholeNumber } from "../context.ts";
import { canaryShare } from "../optimize/canary-share.ts";
import { diffLines, versionLines } from "../optimize/versions-view.ts";

const EXAMPLES = `
Examples:
  dspex versions list sentiment                     * = the one in use
  dspex versions diff sentiment 0f3c… 77ab…         prompts, demonstrations, settings
  dspex versions promote sentiment 77ab…            for all users, until something else is declared
  dspex versions canary sentiment 77ab… --share 0.1   beside the one in use, until the evidence decides
  dspex versions pin sentiment 77ab…                whatever is declared
  dspex versions rollback sentiment --reason "worse on long texts"
  dspex versions withdraw sentiment 77ab…           it is never promoted again`;

interface Common {
  user?: string;
  json?: boolean;
}

export function versionsCommand(context: CommandContext): Command {
  const command = new Command("versions").description("Lists, compares, promotes and rolls back versions.");
  command.addHelpText("after", EXAMPLES);
  for (const make of [list, diff, promote, canary, pin, rollback, withdraw])
    command.addCommand(make(context));
  return command;
}

function list(context: CommandContext): Command {
  return common("list", "Lists the versions of a program, with scores where an optimisation made them.")
    .argument("<program>", "its name")
    .action(async (name: string, { user, json }: Common) => {
      const answer = await ask<VersionsInfo>(context, user, { verb: "versions", body: { name } });
      if (json === true) context.terminal.json(answer);
      else for (const line of versionLines(answer)) context.terminal.line(line);
    });
}

function diff(context: CommandContext): Command {
  return common("diff", "Shows how the second version differs from the first.")
    .argument("<program>", "its name")
    .argument("<version>", "the first")
    .argument("[other]", "the second (default: the one in use)")
    .action(async (name: string, version: string, other: string | undefined, { user, json }: Common) => {
      const describe = (wanted: string | undefined) =>
        ask<ProgramDefinition>(context, user, {
          verb: "describe",
          body: { name, ...(wanted !== undefined && { version: wanted }) },
        });
      const [before, after] = [await describe(version), await describe(other)];
      if (json === true) context.terminal.json({ before, after });
      else for (const line of diffLines(before, after)) context.terminal.line(line);
    });
}

function promote(context: CommandContext): Command {
  return promotion(
    context,
    "promote",
    "Makes a version the one in use, for all users (needs an admin user).",
  );
}

interface CanaryOptions extends Common {
  share?: number;
  maxOutcomes?: number;
  reason?: string;
}

function canary(context: CommandContext): Command {
  return reasoned(
    "canary",
    "Tries a version beside the one in use, until its requests show that it is better or worse (needs an admin user).",
  )
    .argument("<program>", "its name")
    .argument("<version>", "as the list shows it")
    .option("--share <share>", "of the requests, up to 0.5 (default: 0.1)", canaryShare)
    .option("--max-outcomes <n>", "withdraw it after so many without evidence (default: 2000)", wholeNumber)
    .action(async (name: string, version: string, { user, json, ...given }: CanaryOptions) => {
      const body = { name, version, ...given };
      const answer = await ask<{ changed: boolean; share: number }>(context, user, {
        verb: "canary",
        body,
        admin: true,
      });
      const share = `${Math.round(answer.share * 1_000) / 10} %`;
      if (json === true) context.terminal.json(answer);
      else
        context.terminal.line(
          `${answer.changed ? "trying:" : "unchanged:"} ${name} ${version} with ${share} of the requests`,
        );
    });
}

function pin(context: CommandContext): Command {
  return promotion(context, "pin", "The same, and no declaration replaces it (needs an admin user).");
}

function promotion(context: CommandContext, name: "promote" | "pin", description: string): Command {
  return reasoned(name, description)
    .argument("<program>", "its name")
    .argument("<version>", "as the list shows it")
    .action(
      async (program: string, version: string, { user, json, reason }: Common & { reason?: string }) => {
        const body = { name: program, version, pin: name === "pin", ...(reason !== undefined && { reason }) };
        const answer = await ask<{ changed: boolean }>(context, user, { verb: "promote", body, admin: true });
        if (json === true) context.terminal.json(answer);
        else context.terminal.line(`${answer.changed ? "in use:" : "unchanged:"} ${program} ${version}`);
      },
    );
}

function rollback(context: CommandContext): Command {
  return reasoned(
    "rollback",
    "Makes the version before the promoted one current again (needs an admin user).",
  )
    .argument("<program>", "its name")
    .action(async (name: string, { user, json, reason }: Common & { reason?: string }) => {
      const body = { name, ...(reason !== undefined && { reason }) };
      const answer = await ask<{ version: string }>(context, user, { verb: "rollback", body, admin: true });
      if (json === true) context.terminal.json(answer);
      else context.terminal.line(`in use: ${name} ${answer.version}`);
    });
}

function withdraw(context: CommandContext): Command {
  return reasoned("withdraw", "A version that nobody is to promote any more (needs an admin user).")
    .argument("<program>", "its name")
    .argument("<version>", "as the list shows it")
    .action(async (name: string, version: string, { user, json, reason }: Common & { reason?: string }) => {
      const body = { name, version, ...(reason !== undefined && { reason }) };
      const answer = await ask<{ changed: boolean }>(context, user, { verb: "withdraw", body, admin: true });
      if (json === true) context.terminal.json(answer);
      else context.terminal.line(`${answer.changed ? "withdrawn:" : "unchanged:"} ${name} ${version}`);
    });
}

function common(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON");
}

function reasoned(name: string, description: string): Command {
  return common(name, description).option("--reason <text>", "why, for the log");
}

interface Asked {
  verb: string;
  body: object;
  admin?: boolean;
}

async function ask<Of>(
  context: CommandContext,
  user: string | undefined,
  { verb, body, admin = false }: Asked,
): Promise<Of> {
  await using asked = await asUser(context, user);
  const api = new Api(asked.connection, asked.target.user);
  return (await api.request({ verb: `program.${verb}`, body, admin })) as Of;
}
