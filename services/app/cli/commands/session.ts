// `dspex session`: a user's conversations, their turns, and their end.

import { Command } from "commander";
import { DspexError } from "../../../../schemas/errors.ts";
import type { SessionInfo } from "../../../client/mod.ts";
import { asClient } from "../client.ts";
import { type CommandContext, duration, wholeNumber } from "../context.ts";
import { detailLines, listLines, turnLines } from "../session/views.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  dspex call answer question="Capital of France?" --session travel
  dspex session list --status open
  dspex session show travel                    how it does: latency, tokens, cost, who answers
  dspex session show travel --context --at 2   its context as it was after turn 2
  dspex session turns travel --json
  dspex session fork travel --at 1 --as other  goes on from turn 1 under another name
  dspex session close travel
  dspex session erase travel --yes             its turns, requests, results and values, down to the bytes
  dspex session erase --all --yes              all that there is of the user, in sessions and outside of them`;

interface Common {
  user?: string;
  json?: boolean;
}

export function sessionCommand(context: CommandContext): Command {
  const command = new Command("session").description("Shows conversations; forks, closes and erases them.");
  command.addHelpText("after", EXAMPLES);
  for (const make of [list, show, turns, fork, close, erase]) command.addCommand(make(context));
  return command;
}

function list({ terminal, ...context }: CommandContext): Command {
  return common("list", "Lists sessions by name.")
    .option("--status <status>", "open, closed, expired or erased")
    .action(async ({ status, user, json }: Common & { status?: SessionInfo["status"] }) => {
      await using dspex = await asClient({ terminal, ...context }, user);
      const sessions = await Array.fromAsync(dspex.sessions({ ...(status !== undefined && { status }) }));
      if (json === true) terminal.json(sessions);
      else for (const line of listLines(sessions)) terminal.line(line);
    });
}

function show(context: CommandContext): Command {
  const { terminal } = context;
  return common("show", "Shows one session and how it does, or its context.")
    .argument("<session>", "its name")
    .option("--context", "its context document instead")
    .option("--at <turn>", "the context as it was after this turn", wholeNumber)
    .action(async (name: string, options: Common & { context?: boolean; at?: number }) => {
      await using dspex = await asClient(context, options.user);
      const session = dspex.session(name);
      if (options.context === true || options.at !== undefined) {
        const found = await (options.at === undefined ? session : session.at(options.at)).context();
        if (options.json === true) terminal.json(found);
        else terminal.json(found.context, 2);
        return;
      }
      const info = await session.info();
      if (options.json === true) terminal.json(info);
      else for (const line of detailLines(info)) terminal.line(line);
    });
}

function turns(context: CommandContext): Command {
  const { terminal } = context;
  return common("turns", "Shows the turns of a session, the oldest first.")
    .argument("<session>", "its name")
    .option("--from <turn>", "from this one on", wholeNumber, 1)
    .action(async (name: string, { from, user, json }: Common & { from: number }) => {
      await using dspex = await asClient(context, user);
      for await (const turn of dspex.session(name).turns({ from })) {
        if (json === true) terminal.json(turn);
        else for (const line of turnLines(turn)) terminal.line(line);
      }
    });
}

function fork(context: CommandContext): Command {
  const { terminal } = context;
  return common("fork", "Makes another session that goes on from a turn of this one.")
    .argument("<session>", "its name")
    .option("--at <turn>", "the last turn that is shared (default: the last one)", wholeNumber)
    .option("--as <name>", "name of the new session (default: a random one)")
    .option("--ttl <time>", "idle time after which it expires, such as 30m (default: as this one)", duration)
    .action(
      async (
        name: string,
        { at, as, ttl, user, json }: Common & { at?: number; as?: string; ttl?: number },
      ) => {
        await using dspex = await asClient(context, user);
        const forked = await dspex.session(name).fork(at, {
          ...(as !== undefined && { as }),
          ...(ttl !== undefined && { ttlMs: ttl }),
        });
        const info = await forked.info();
        if (json === true) terminal.json(info);
        else terminal.line(`${info.session} goes on from ${name}, turn ${info.forkedFrom?.turn}`);
      },
    );
}

function close(context: CommandContext): Command {
  const { terminal } = context;
  return common("close", "Ends a session. What it was can still be read.")
    .argument("<session>", "its name")
    .option("--reason <text>", "why, for the log")
    .action(async (name: string, { reason, user, json }: Common & { reason?: string }) => {
      await using dspex = await asClient(context, user);
      const info = await dspex.session(name).close(reason);
      if (json === true) terminal.json(info);
      else terminal.line(`${name} is ${info.status}, after ${info.turns} turns`);
    });
}

function erase(context: CommandContext): Command {
  const { terminal } = context;
  return common("erase", "Erases all that the system holds of a session, or of its user. Cannot be undone.")
    .argument("[session]", "its name")
    .option("--all", "every session of the user, and all requests, results and values outside of sessions")
    .requiredOption("--yes", "really")
    .action(async (name: string | undefined, { all, user, json }: Common & { all?: boolean }) => {
      if ((name === undefined) === (all !== true))
        throw new DspexError("invalid_inputs", "name one session, or say --all");
      await using dspex = await asClient(context, user);
      if (name === undefined) {
        const erased = await dspex.eraseUserData();
        if (json === true) terminal.json({ user: dspex.user, ...erased });
        else {
          terminal.line(
            `all data of ${dspex.user} is erased: ${counted(erased.sessions, "session")}, ${erased.messages} messages`,
          );
          tellRunning(terminal, erased.running);
        }
        return;
      }
      const erased = await dspex.session(name).erase();
      if (json === true) terminal.json({ session: name, ...erased });
      else {
        terminal.line(`${name} is erased: ${erased.messages} messages`);
        tellRunning(terminal, erased.running);
      }
    });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function tellRunning(terminal: Terminal, running: number): void {
  if (running > 0)
    terminal.line(`${counted(running, "request")} still running: what comes of it is erased when it comes`);
}

/** What every subcommand takes. */
function common(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON");
}
