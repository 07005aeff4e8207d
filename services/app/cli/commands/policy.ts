// `dspex policy`: what has been learned, by which settings it is used, and what competes with them.

import { Command } from "commander";
import type { HistoryAnswer } from "../../../learning/history/answer.ts";
import type { DiffAnswer, PatternsAnswer, PolicyListAnswer, ShowAnswer } from "../../../learning/serve.ts";
import { inputReader } from "../client.ts";
import { type CommandContext, wholeNumber } from "../context.ts";
import { askPolicy, type OrderAnswer, orderPolicy } from "../policy/ask.ts";
import { historyLines, type Resolution } from "../policy/history-view.ts";
import { patternLines } from "../policy/patterns-view.ts";
import { parseSettings, settingsText } from "../policy/settings.ts";
import { diffLines, listLines, showLines } from "../policy/views.ts";
import type { Style } from "../terminal.ts";

const EXAMPLES = `
Examples:
  dspex policy list                            which settings are in force, and which compete with them
  dspex policy show --program triage           what is known of each implementation, by kind of task
  dspex policy diff 12                         what version 12 did not know yet
  dspex policy history triage --hours          how each implementation has done, hour by hour
  dspex policy patterns --program triage       changes, failing inputs, effects of hour and length
  dspex policy promote bold                    a challenger of "policy list"
  dspex policy promote '{"name": "calm", "rule": "thompson", "temper": 0.3, "floor": 0.02}'
  dspex policy rollback --reason "too eager"
  dspex policy freeze --program triage         nothing more is learned of it, until "unfreeze"`;

interface Common {
  user?: string;
  json?: boolean;
}

export function policyCommand(context: CommandContext): Command {
  const command = new Command("policy").description(
    "Shows what has been learned of implementations, and by which settings they are chosen.",
  );
  command.addHelpText("after", EXAMPLES);
  for (const make of [list, show, diff, history, patterns, promote, rollback, freeze, unfreeze])
    command.addCommand(make(context));
  return command;
}

function list(context: CommandContext): Command {
  return common("list", "Shows the settings in force, their challengers, and what was changed when.").action(
    async ({ user, json }: Common) => {
      const answer = await askPolicy<PolicyListAnswer>(context, user, { verb: "list" });
      tell(context, json, answer, (paint) => listLines(answer, paint));
    },
  );
}

function show(context: CommandContext): Command {
  return common("show", "Shows what a version knows of each implementation, by kind of task.")
    .argument("[version]", "default: the newest", wholeNumber)
    .option("--program <name>", "only of this program")
    .action(async (version: number | undefined, { program, user, json }: Common & { program?: string }) => {
      const body = { ...(version !== undefined && { version }), ...(program !== undefined && { program }) };
      const answer = await askPolicy<ShowAnswer>(context, user, { verb: "show", body });
      tell(context, json, answer, (paint) => showLines(answer, program, paint));
    });
}

function diff(context: CommandContext): Command {
  return common("diff", "Shows what changed from one version to another.")
    .argument("<from>", "a version", wholeNumber)
    .argument("[to]", "default: the newest", wholeNumber)
    .option("--program <name>", "only of this program")
    .action(
      async (
        from: number,
        to: number | undefined,
        { program, user, json }: Common & { program?: string },
      ) => {
        const newest = to ?? (await askPolicy<PolicyListAnswer>(context, user, { verb: "list" })).version;
        const body = { from, to: newest, ...(program !== undefined && { program }) };
        const answer = await askPolicy<DiffAnswer>(context, user, { verb: "diff", body });
        tell(context, json, answer, (paint) => diffLines(answer, paint));
      },
    );
}

function history(context: CommandContext): Command {
  return common("history", "Shows how each implementation of a program has done, window by window.")
    .argument("<program>", "its name")
    .option("--implementation <name>", "only this one")
    .option("--minutes", "the last hour")
    .option("--hours", "the last two days (this, where nothing is said)")
    .option("--days", "the last month")
    .action(async (program: string, options: Common & HistoryOptions) => {
      const { implementation, user, json } = options;
      const body = { program, ...(implementation !== undefined && { implementation }) };
      const answer = await askPolicy<HistoryAnswer>(context, user, { verb: "history", body });
      tell(context, json, answer, (paint) => historyLines(answer, resolutionOf(options), paint));
    });
}

interface HistoryOptions {
  implementation?: string;
  minutes?: boolean;
  hours?: boolean;
  days?: boolean;
}

function resolutionOf({ minutes, days }: HistoryOptions): Resolution {
  if (minutes === true) return "minute";
  return days === true ? "day" : "hour";
}

function patterns(context: CommandContext): Command {
  return common("patterns", "Shows what stands out: changes, failing inputs, effects of hour and length.")
    .option("--program <name>", "only of this program")
    .action(async ({ program, user, json }: Common & { program?: string }) => {
      const body = program === undefined ? {} : { program };
      const answer = await askPolicy<PatternsAnswer>(context, user, { verb: "patterns", body });
      tell(context, json, answer, (paint) => patternLines(answer, paint));
    });
}

function promote(context: CommandContext): Command {
  return common("promote", "Puts other settings into force, for all users (needs an admin user).")
    .argument(
      "<settings>",
      "a challenger's name, or settings as JSON, in a file ….json, or - for standard input",
    )
    .action(async (typed: string, { user, json }: Common) => {
      const body = { settings: parseSettings(typed, inputReader) };
      const answer = await orderPolicy(context, user, { verb: "promote", body });
      tell(context, json, answer, () => [inForce(answer)]);
    });
}

function rollback(context: CommandContext): Command {
  return common("rollback", "Goes back to the settings before those in force (needs an admin user).")
    .option("--reason <text>", "why, for the log")
    .action(async ({ reason, user, json }: Common & { reason?: string }) => {
      const body = reason === undefined ? {} : { reason };
      const answer = await orderPolicy(context, user, { verb: "rollback", body });
      tell(context, json, answer, () => [inForce(answer)]);
    });
}

function inForce({ current }: OrderAnswer): string {
  return `in force now: ${settingsText(current)}`;
}

function freeze(context: CommandContext): Command {
  return freezing(context, "freeze", true, "Stops learning, of one program or of all (needs an admin user).");
}

function unfreeze(context: CommandContext): Command {
  return freezing(context, "unfreeze", false, "Goes on learning (needs an admin user).");
}

function freezing(context: CommandContext, name: string, frozen: boolean, description: string): Command {
  return common(name, description)
    .option("--program <name>", "only of this program")
    .option("--reason <text>", "why, for the log")
    .action(async ({ program, reason, user, json }: Common & { program?: string; reason?: string }) => {
      const body = {
        frozen,
        ...(program !== undefined && { program }),
        ...(reason !== undefined && { reason }),
      };
      const answer = await orderPolicy(context, user, { verb: "freeze", body });
      const { all, programs } = answer.frozen;
      const stopped = all ? "everything" : programs.join(", ");
      tell(context, json, answer, () => [stopped === "" ? "nothing is frozen" : `frozen: ${stopped}`]);
    });
}

/** What every subcommand takes. */
function common(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON");
}

function tell(
  { terminal }: CommandContext,
  json: boolean | undefined,
  answer: unknown,
  lines: (paint: (style: Style, text: string) => string) => string[],
): void {
  if (json === true) terminal.json(answer);
  else for (const line of lines((style, text) => terminal.paint(style, text))) terminal.line(line);
}
