// `dspex variable`: what can be tuned, its values and their history, other values for it, and searches for better ones.

import { Command, InvalidArgumentError } from "commander";
import { parseJson } from "../../../../schemas/envelope/json.ts";
import type { VariableDefinition } from "../../../../schemas/messages/variable-event.ts";
import type { VariableCommandAnswer } from "../../../client/mod.ts";
import { asClient, inputReader } from "../client.ts";
import { type CommandContext, wholeNumber } from "../context.ts";
import { parseAssignments } from "../variable/assignments.ts";
import { cancel, optimizations, optimize } from "../variable/optimize.ts";
import { changeLine, detailLines, historyLines, listLines, updateLines } from "../variable/views.ts";

const EXAMPLES = `
Examples:
  dspex variable list "qa_*"
  dspex variable get temperature
  dspex variable set temperature=0.4 --reason "too wild" --expect temperature=3
  dspex variable set tone=formal answer_prompt=@prompt.txt
  dspex variable history temperature
  dspex variable reset temperature
  dspex variable deprecate temperature --replaced-by warmth
  dspex variable watch "qa_*" --json
  dspex variable optimize temperature tone --objective answer --data qa.jsonl --trials 30 --usd 1
  dspex variable optimizations
  dspex variable register variables.json
      [{"name": "temperature", "kind": "float", "min": 0, "max": 2, "default": 0.7}]`;

interface Common {
  user?: string;
  json?: boolean;
}
interface Changing extends Common {
  reason?: string;
  expect: Record<string, number>;
}

export function variableCommand(context: CommandContext): Command {
  const command = new Command("variable").description("Shows and changes variables: what can be tuned.");
  command.addHelpText("after", EXAMPLES);
  const own = [list, get, set, history, reset, deprecate, register, watch];
  for (const make of [...own, optimize, optimizations, cancel]) command.addCommand(make(context));
  return command;
}

function list(context: CommandContext): Command {
  return common("list", "Lists variables with their values and bounds.")
    .argument("[pattern]", "names, with * for any characters", "*")
    .option("--deprecated", "also deprecated ones")
    .action(async (pattern: string, { deprecated, user, json }: Common & { deprecated?: boolean }) => {
      await using dspex = await asClient(context, user);
      const variables = await dspex.variables.list({ pattern, deprecated });
      tell(context, json, variables, () => listLines(variables));
    });
}

function get(context: CommandContext): Command {
  return common("get", "Shows one variable: value, bounds, what depends on it.")
    .argument("<name>", "its name")
    .action(async (name: string, { user, json }: Common) => {
      await using dspex = await asClient(context, user);
      const variable = await dspex.variables.get(name);
      tell(context, json, variable, () => detailLines(variable));
    });
}

function history(context: CommandContext): Command {
  return common("history", "Shows the last changes of a variable, the newest first.")
    .argument("<name>", "its name")
    .option("--limit <n>", "at most so many", wholeNumber, 20)
    .action(async (name: string, { limit, user, json }: Common & { limit: number }) => {
      await using dspex = await asClient(context, user);
      const changes = await dspex.variables.history(name, { limit });
      tell(context, json, changes, () => historyLines(changes));
    });
}

function set(context: CommandContext): Command {
  return changing("set", "Sets values for all users, all of them or none (needs an admin user).")
    .argument("<assignments...>", "name=value, or name=@file for a file's text")
    .action(async (words: string[], { reason, expect, user, json }: Changing) => {
      await using dspex = await asClient(context, user);
      const values = await parseAssignments(words, inputReader, async (name) => {
        return (await dspex.variables.get(name)).definition.kind;
      });
      const answer = await dspex.variables.set(values, { ...said(reason), expect });
      told(context, json, answer);
    });
}

function reset(context: CommandContext): Command {
  return changing("reset", "Sets variables back to their defaults (needs an admin user).")
    .argument("<names...>", "their names")
    .action(async (names: string[], { reason, expect, user, json }: Changing) => {
      await using dspex = await asClient(context, user);
      const answer = await dspex.variables.reset(names, { ...said(reason), expect });
      told(context, json, answer);
    });
}

function deprecate(context: CommandContext): Command {
  return changing("deprecate", "Keeps a variable's value and takes no other (needs an admin user).")
    .argument("<name>", "its name")
    .option("--replaced-by <name>", "what is to be used instead")
    .action(
      async (
        name: string,
        { replacedBy, reason, expect, user, json }: Changing & { replacedBy?: string },
      ) => {
        await using dspex = await asClient(context, user);
        const answer = await dspex.variables.deprecate(name, {
          ...said(reason),
          expect,
          ...(replacedBy !== undefined && { replacedBy }),
        });
        if (json === true) context.terminal.json(answer);
        else context.terminal.line(`${answer.changed ? "deprecated" : "unchanged:"} ${name}`);
      },
    );
}

function register(context: CommandContext): Command {
  return common("register", "Declares variables for all users (needs an admin user).")
    .argument("<file>", "a list of declarations as JSON, or one; - for standard input")
    .option("--reason <text>", "why, for the history")
    .action(async (file: string, { reason, user, json }: Common & { reason?: string }) => {
      const declared = parseJson(file === "-" ? inputReader.standardInput() : inputReader.file(file));
      const variables = (Array.isArray(declared) ? declared : [declared]) as VariableDefinition[];
      await using dspex = await asClient(context, user);
      told(context, json, await dspex.variables.register(variables, said(reason)));
    });
}

function watch(context: CommandContext): Command {
  const { terminal } = context;
  return common("watch", "Shows changes of variables as they happen, until Ctrl-C.")
    .argument("[pattern]", "names, with * for any characters", "*")
    .option("--from <sequence>", "first from this sequence of the log", wholeNumber)
    .option("--rejected", "also commands that were refused")
    .action(async (pattern: string, options: Common & { from?: number; rejected?: boolean }) => {
      const { from, rejected = false, user, json } = options;
      const dspex = await asClient(context, user);
      const updates = dspex.variables.observe(pattern, { rejected, ...(from !== undefined && { from }) });
      let closing: Promise<void> | undefined;
      const stop = () => {
        closing ??= dspex.close();
        closing.catch(() => {}); // awaited below
      };
      context.interrupted.addEventListener("abort", stop);
      try {
        for await (const update of updates) {
          if (json === true) terminal.json(update);
          else
            for (const line of updateLines(update, (style, text) => terminal.paint(style, text)))
              terminal.line(line);
        }
      } catch (error) {
        if (!context.interrupted.aborted) throw error;
      } finally {
        context.interrupted.removeEventListener("abort", stop);
        stop();
        await closing;
      }
    });
}

/** What every subcommand takes. */
function common(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON");
}

function changing(name: string, description: string): Command {
  return common(name, description)
    .option("--reason <text>", "why, for the history")
    .option("--expect <name=version>", "only if it has this version; may be repeated", expected, {});
}

function expected(word: string, before: Record<string, number>): Record<string, number> {
  const match = /^([A-Za-z][A-Za-z0-9_]*)=(\d{1,15})$/.exec(word);
  if (match === null) throw new InvalidArgumentError(`${JSON.stringify(word)} is not name=version.`);
  return { ...before, [match[1] as string]: Number(match[2]) };
}

function said(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason };
}

function told(context: CommandContext, json: boolean | undefined, answer: VariableCommandAnswer): void {
  tell(context, json, answer, () => (answer.changed ? answer.changes.map(changeLine) : ["unchanged"]));
}

function tell(
  { terminal }: CommandContext,
  json: boolean | undefined,
  answer: unknown,
  lines: () => string[],
): void {
  if (json === true) terminal.json(answer);
  else for (const line of lines()) terminal.line(line);
}
