// `dspex program`: what can be called, what it takes and gives, new ones, and those that are to go.

import { Command } from "commander";
import { parseJson } from "../../../../schemas/envelope/json.ts";
import { DspexError } from "../../../../schemas/errors.ts";
import {
  type Capabilities,
  type ProgramDefinition,
  programDeclarationSchema,
} from "../../../../schemas/messages/program-event.ts";
import type { Validator } from "../../../../schemas/messages/validator.ts";
import { formatSignature, parseSignatureJson } from "../../../../schemas/signature/mod.ts";
import { asClient, inputReader } from "../client.ts";
import type { CommandContext } from "../context.ts";
import { table } from "../table.ts";

const EXAMPLES = `
Examples:
  dspex program list
  dspex program describe answer
  dspex program register shorten.json
      {"name": "shorten", "signature": "text: str -> summary: str",
       "implementations": [{"name": "predict", "kind": "dspy", "pool": "general", "module": "Predict"}]}
  dspex program remove shorten --reason "nobody calls it"`;

export function programCommand(context: CommandContext): Command {
  const command = new Command("program").description("Lists, describes, registers and removes programs.");
  command.addHelpText("after", EXAMPLES);
  command.addCommand(listCommand(context));
  command.addCommand(describeCommand(context));
  command.addCommand(registerCommand(context));
  command.addCommand(removeCommand(context));
  return command;
}

function listCommand(context: CommandContext): Command {
  return new Command("list")
    .description("Lists the programs with their signatures.")
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .action(async ({ user, json }: { user?: string; json?: boolean }) => {
      await using dspex = await asClient(context, user);
      const programs = await dspex.programs();
      if (json === true) context.terminal.json(programs);
      else
        for (const line of table(programs.map(({ name, signature }) => [name, signature])))
          context.terminal.line(line);
    });
}

function describeCommand(context: CommandContext): Command {
  return new Command("describe")
    .description("Shows one program: signature, implementations, version.")
    .argument("<program>", "its name")
    .option("--program-version <version>", "this version (default: the current one)")
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .action(async (name: string, options: { programVersion?: string; user?: string; json?: boolean }) => {
      await using dspex = await asClient(context, options.user);
      const definition = await dspex.describe(name, options.programVersion);
      if (options.json === true) context.terminal.json(definition);
      else for (const line of describe(definition)) context.terminal.line(line);
    });
}

function registerCommand(context: CommandContext): Command {
  return new Command("register")
    .description("Registers a program, or a new version of one, for all users (needs an admin user).")
    .argument("<file>", "declaration as JSON; - for standard input")
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .action(async (file: string, { user, json }: { user?: string; json?: boolean }) => {
      const text = file === "-" ? inputReader.standardInput() : inputReader.file(file);
      const declared = programDeclarationSchema.safeParse(parseJson(text));
      if (!declared.success) {
        const [issue] = declared.error.issues;
        throw new DspexError("invalid_inputs", `${file}: ${issue?.path.join(".")}: ${issue?.message}`);
      }
      await using dspex = await asClient(context, user);
      const { name } = declared.data;
      const { version, created } = await dspex.register(declared.data);
      if (json === true) context.terminal.json({ name, version, created });
      else context.terminal.line(`${created ? "registered" : "unchanged:"} ${name} ${version}`);
    });
}

function removeCommand(context: CommandContext): Command {
  return new Command("remove")
    .description("Removes a program for all users (needs an admin user). What is under way still finishes.")
    .argument("<program>", "its name")
    .option("--reason <text>", "why, for the log")
    .option("--user <name>", "as this application user (default: local)")
    .option("--json", "as JSON")
    .action(
      async (name: string, { reason, user, json }: { reason?: string; user?: string; json?: boolean }) => {
        await using dspex = await asClient(context, user);
        await dspex.remove(name, reason);
        if (json === true) context.terminal.json({ name, removed: true });
        else context.terminal.line(`removed ${name}`);
      },
    );
}

/** Long, or told in a line of their own. */
const NO_SETTINGS = ["prompt", "demos", "calibration", "capabilities"];
const MAX_SETTING = 80;

function describe(definition: ProgramDefinition): string[] {
  const { name, version, description, signature, implementations, routing, validators = [] } = definition;
  const rows = implementations.map((implementation) => {
    const { name: own, kind, lastResort: _lastResort, capabilities, ...rest } = implementation;
    const settings = Object.entries(rest).filter(([key]) => !NO_SETTINGS.includes(key));
    const can = capabilities === undefined ? "" : known(capabilities);
    return [
      `  ${own}`,
      kind,
      [...settings.map(([key, value]) => `${key}=${JSON.stringify(value)}`), can].join(" ").trim(),
    ];
  });
  return [
    `${name}  version ${version}`,
    ...(description === undefined ? [] : [description]),
    "",
    formatSignature(parseSignatureJson(signature)),
    "",
    "implementations",
    ...table(rows),
    ...(routing === undefined ? [] : ["", `routing ${JSON.stringify(routing)}`]),
    ...(validators.length === 0 ? [] : ["", "validators", ...table(validators.map(validatorRow))]),
  ];
}

function validatorRow({ name, output, kind, options = {}, onFailure }: Validator): string[] {
  const settings = Object.entries(options).map(
    ([key, value]) => `${key}=${shortened(JSON.stringify(value))}`,
  );
  return [`  ${name}`, `outputs.${output}`, kind, onFailure, settings.join(" ")];
}

/** Schemas and lists of sources may be long. */
function shortened(text: string): string {
  return text.length <= MAX_SETTING ? text : `${text.slice(0, MAX_SETTING).toWellFormed()}…`;
}

/** What an implementation can do, in words: `(structuredOutput, logprobs, 2048 tokens)`. */
function known({ contextTokens, languages, ...others }: Capabilities): string {
  const able = Object.entries(others).flatMap(([name, value]) => {
    if (typeof value === "number") return [`${name}=${value}`];
    return value === true ? [name] : [];
  });
  if (contextTokens !== undefined) able.push(`${contextTokens} tokens`);
  if (languages !== undefined) able.push(`languages ${languages.join(" ")}`);
  return able.length === 0 ? "" : `(${able.join(", ")})`;
}
