// `dspex submit`: puts a request into the log and prints its id at once.

import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { cloudEvent } from "../../../../schemas/envelope/cloud-event.ts";
import { REQUEST_TYPE } from "../../../../schemas/messages/request.ts";
import { token } from "../../../../schemas/subjects.ts";
import { Api } from "../../../client/api.ts";
import { inputReader } from "../client.ts";
import { asUser, type CommandContext } from "../context.ts";
import { parseInputs } from "../inputs.ts";
import { callOptions, INPUTS_HELP, type RequestFlags, withRequestOptions } from "../request-options.ts";

const EXAMPLES = `
Examples:
  id=$(dspex submit answer question="Why?")
  dspex result "$id" --wait`;

export function submitCommand(context: CommandContext): Command {
  const command = new Command("submit")
    .description("Sends a request and prints its id, once it is in the log.")
    .argument("<program>", "its name; dspex program list shows them")
    .argument("[inputs...]", INPUTS_HELP);
  return withRequestOptions(command)
    .option("--json", "as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (program: string, words: string[], options: RequestFlags & { json?: boolean }) => {
      const data = { inputs: parseInputs(words, inputReader), ...callOptions(options) };
      const source = `command/${process.pid}`;
      const request = cloudEvent(REQUEST_TYPE, source, randomUUID(), new Date().toISOString(), data);
      await using user = await asUser(context, options.user);
      const api = new Api(user.connection, user.target.user);
      const verb = `submit.${token(program, "program")}`;
      const { id } = (await api.request({ verb, body: request })) as { id: string };
      if (options.json === true) context.terminal.json({ id });
      else context.terminal.line(id);
    });
}
