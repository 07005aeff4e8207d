// `dspex pipeline list|describe|graph|validate|register|remove`: what pipelines there are, and new ones.

import { writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { stringify } from "yaml";
import { pipelineDefinitionSchema } from "../../../../schemas/messages/pipeline-definition.ts";
import { formatSignature, parseSignatureJson } from "../../../../schemas/signature/mod.ts";
import { DrawnGraph, type Dspex, DspexError } from "../../../client/mod.ts";
import { asClient } from "../client.ts";
import type { CommandContext } from "../context.ts";
import { EXIT, Exit } from "../exit-codes.ts";
import { type Common, subcommand } from "./common.ts";
import { withLines } from "./problems.ts";
import { isFile, pipelineIn, pipelinesIn } from "./source.ts";
import { paintInk } from "./symbols.ts";
import { detailLines, listLines } from "./views.ts";

export function listCommand(context: CommandContext): Command {
  return subcommand("list", "Lists pipelines: own ones, and those of everybody.").action(
    async ({ user, json }: Common) => {
      await using dspex = await asClient(context, user);
      const pipelines = await dspex.pipelines.list();
      if (json === true) context.terminal.json(pipelines);
      else for (const line of listLines(pipelines)) context.terminal.line(line);
    },
  );
}

export function describeCommand(context: CommandContext): Command {
  const { terminal } = context;
  return subcommand("describe", "Shows one pipeline: signature, versions; its definition with --yaml.")
    .argument("<pipeline>", "its name")
    .option("--pipeline-version <version>", "this version (default: the newest)")
    .option("--yaml", "its definition as a file that can be registered")
    .action(async (name: string, flags: Common & { pipelineVersion?: string; yaml?: boolean }) => {
      await using dspex = await asClient(context, flags.user);
      const details = await dspex.pipelines.describe(name, flags.pipelineVersion);
      if (flags.json === true) terminal.json(details);
      else if (flags.yaml === true) {
        const signature = formatSignature(parseSignatureJson(details.definition.signature));
        terminal.text(stringify({ ...details.definition, signature }, { lineWidth: 110 }));
      } else for (const line of detailLines(details)) terminal.line(line);
    });
}

export function graphCommand(context: CommandContext): Command {
  const { terminal } = context;
  return subcommand("graph", "Draws a pipeline, or a run with how far it is.")
    .argument("<what>", "a file, name of a pipeline, or id of a run")
    .addOption(
      new Option("--format <format>", "terminal, mermaid or svg").choices(["terminal", "mermaid", "svg"]),
    )
    .option("--output <file>", "into this file; its ending names the format")
    .option("--name <name>", "which pipeline of a module with several")
    .action(async (what: string, flags: Common & { format?: string; output?: string; name?: string }) => {
      const graph = await graphOf(context, what, flags);
      const format = flags.format ?? formatOf(flags.output) ?? "terminal";
      const paint = paintInk(
        flags.output === undefined ? terminal.paint.bind(terminal) : (_style, text) => text,
      );
      const columns = terminal.interactive && flags.output === undefined ? { columns: terminal.columns } : {};
      const text =
        format === "svg"
          ? graph.svg()
          : format === "mermaid"
            ? graph.mermaid()
            : `${graph.lines({ ...columns, paint }).join("\n")}\n`;
      if (flags.output === undefined) terminal.text(text);
      else writeFileSync(flags.output, text);
    });
}

export function validateCommand(context: CommandContext): Command {
  const { terminal } = context;
  return subcommand("validate", "Says all that is wrong with the pipelines of a file, each with its line.")
    .argument("<file>", "YAML, JSON, or a module that exports some; - for standard input")
    .action(async (file: string, { user, json }: Common) => {
      const sources = await pipelinesIn(file);
      await using dspex = await asClient(context, user);
      let found = 0;
      for (const { declaration, tell } of sources) {
        const { problems, version } = await dspex.pipelines.validate(declaration);
        found += problems.length;
        if (json === true)
          terminal.json({ name: declaration.name, problems, ...(version !== undefined && { version }) });
        else if (problems.length === 0)
          terminal.line(`${declaration.name} ${version}: nothing is wrong with it`);
        else for (const problem of problems) terminal.line(tell(problem));
      }
      if (found > 0) throw new Exit(EXIT.failed);
    });
}

export function registerCommand(context: CommandContext): Command {
  const { terminal } = context;
  return subcommand("register", "Registers the pipelines of a file under their names.")
    .argument("<file>", "YAML, JSON, or a module that exports some; - for standard input")
    .option("--shared", "for everybody (needs an admin user)")
    .action(async (file: string, { shared = false, user, json }: Common & { shared?: boolean }) => {
      const sources = await pipelinesIn(file);
      await using dspex = await asClient(context, user);
      for (const { declaration, tell } of sources) {
        const registered = await withLines(tell, () => dspex.pipelines.register(declaration, { shared }));
        if (json === true) terminal.json(registered);
        else terminal.line(`registered ${registered.name} ${registered.version}`);
      }
    });
}

export function removeCommand(context: CommandContext): Command {
  return subcommand("remove", "Removes a pipeline. Its runs go on.")
    .argument("<pipeline>", "its name")
    .option("--shared", "everybody's (needs an admin user)")
    .option("--reason <text>", "why, for the log")
    .action(async (name: string, flags: Common & { shared?: boolean; reason?: string }) => {
      const { shared = false, reason, user, json } = flags;
      await using dspex = await asClient(context, user);
      await dspex.pipelines.remove(name, { shared, ...(reason !== undefined && { reason }) });
      if (json === true) context.terminal.json({ name, removed: true });
      else context.terminal.line(`removed ${name}`);
    });
}

async function graphOf(
  context: CommandContext,
  what: string,
  flags: Common & { name?: string },
): Promise<DrawnGraph> {
  if (isFile(what)) {
    const { declaration } = await pipelineIn(what, flags.name);
    const { stages, outputs, name } = declaration;
    return new DrawnGraph(pipelineDefinitionSchema.parse({ name, stages, outputs, signature: {} }));
  }
  await using dspex = await asClient(context, flags.user);
  return (await named(dspex, what)) ?? (await dspex.pipelines.get(what).graph());
}

/** Undefined where there is no pipeline of this name. */
async function named(dspex: Dspex, name: string): Promise<DrawnGraph | undefined> {
  try {
    return new DrawnGraph((await dspex.pipelines.describe(name)).definition);
  } catch (error) {
    if (error instanceof DspexError && error.code === "not_found") return undefined;
    throw error;
  }
}

function formatOf(file: string | undefined): string | undefined {
  if (file?.endsWith(".svg")) return "svg";
  return file !== undefined && /\.(mmd|mermaid)$/.test(file) ? "mermaid" : undefined;
}
