// `dspex pipeline runs|show|cancel|signal|approve|analyze`: what runs are, and what can be said to one.

import type { Command } from "commander";
import { DspexError, type RunStatus } from "../../../client/mod.ts";
import { asClient, inputReader } from "../client.ts";
import { type CommandContext, wholeNumber } from "../context.ts";
import { parseInputs } from "../inputs.ts";
import { INPUTS_HELP } from "../request-options.ts";
import { type Common, subcommand } from "./common.ts";
import { outputLines } from "./result-view.ts";
import { paintInk } from "./symbols.ts";
import { analysisLines, progressLines, runsLines } from "./views.ts";

export function runsCommand(context: CommandContext): Command {
  return subcommand("runs", "Lists runs, the newest first.")
    .option("--status <status>", "running, compensating, succeeded, failed or cancelled")
    .option("--pipeline <name>", "of this pipeline")
    .option("--limit <n>", "so many at most", wholeNumber, 20)
    .action(async (flags: Common & { status?: RunStatus; pipeline?: string; limit: number }) => {
      const { status, pipeline, limit } = flags;
      await using dspex = await asClient(context, flags.user);
      const runs = [];
      const wanted = { ...(status !== undefined && { status }), ...(pipeline !== undefined && { pipeline }) };
      for await (const run of dspex.pipelines.runs(wanted)) if (runs.push(run) >= limit) break;
      if (flags.json === true) context.terminal.json(runs);
      else for (const line of runsLines(runs.slice(0, limit))) context.terminal.line(line);
    });
}

export function showCommand(context: CommandContext): Command {
  const { terminal } = context;
  return subcommand("show", "Shows a run: how far it is, each stage, and its result.")
    .argument("<run>", "its id; dspex pipeline runs shows them")
    .option("--graph", "its graph, too")
    .action(async (id: string, flags: Common & { graph?: boolean }) => {
      await using dspex = await asClient(context, flags.user);
      const run = dspex.pipelines.get(id);
      const progress = await run.progress();
      const isOn = progress.status === "running" || progress.status === "compensating";
      const result = isOn ? undefined : await run.look();
      if (flags.json === true) {
        terminal.json({ ...progress, ...(result !== undefined && { result }) });
        return;
      }
      const paint = terminal.paint.bind(terminal);
      for (const line of progressLines(progress, paint, terminal.columns)) terminal.line(line);
      if (result?.outputs !== undefined) {
        terminal.line();
        for (const line of outputLines(result.outputs)) terminal.line(line);
      }
      if (flags.graph !== true) return;
      terminal.line();
      const graph = await run.graph();
      for (const line of graph.lines({ columns: terminal.columns, paint: paintInk(paint) }))
        terminal.line(line);
    });
}

export function cancelCommand(context: CommandContext): Command {
  return subcommand("cancel", "Cancels a run; what it did is undone where its stages say how.")
    .argument("<run>", "its id; dspex pipeline runs shows them")
    .option("--reason <text>", "why, for the log")
    .action(async (id: string, { reason, user, json }: Common & { reason?: string }) => {
      await using dspex = await asClient(context, user);
      await dspex.pipelines.get(id).cancel(reason);
      if (json === true) context.terminal.json({ run: id, cancelled: true });
      else context.terminal.line(`cancelling ${id}`);
    });
}

export function signalCommand(context: CommandContext): Command {
  return subcommand("signal", "Tells a run what one of its signal stages waits for.")
    .argument("<run>", "its id; dspex pipeline runs shows them")
    .argument("<signal>", "its name; dspex pipeline show tells which is waited for")
    .argument("[data...]", INPUTS_HELP)
    .option("--key <key>", "the same key again changes nothing")
    .action(async (id: string, signal: string, words: string[], flags: Common & { key?: string }) => {
      const data = words.length === 0 ? undefined : parseInputs(words, inputReader);
      await using dspex = await asClient(context, flags.user);
      await dspex.pipelines
        .get(id)
        .signal(signal, data, { ...(flags.key !== undefined && { key: flags.key }) });
      if (flags.json === true) context.terminal.json({ run: id, signal });
      else context.terminal.line(`told ${id} ${signal}`);
    });
}

export function approveCommand(context: CommandContext): Command {
  return subcommand("approve", "Says yes to a stage that waits for a person, or no.")
    .argument("<run>", "its id; dspex pipeline runs shows them")
    .argument("[signal]", "its name (default: the only one that is waited for)")
    .option("--reject", "no: the stage fails with not_allowed")
    .option("--note <text>", "for the stages behind it, and for the log")
    .action(
      async (id: string, name: string | undefined, flags: Common & { reject?: boolean; note?: string }) => {
        await using dspex = await asClient(context, flags.user);
        const run = dspex.pipelines.get(id);
        const signal = name ?? (await onlySignal(run));
        const approved = flags.reject !== true;
        await run.approve(signal, { approved, ...(flags.note !== undefined && { note: flags.note }) });
        if (flags.json === true) context.terminal.json({ run: id, signal, approved });
        else context.terminal.line(`${approved ? "approved" : "rejected"} ${signal} of ${id}`);
      },
    );
}

export function analyzeCommand(context: CommandContext): Command {
  return subcommand(
    "analyze",
    "Says where the time of a run, or of a pipeline's last runs, went, and what to change.",
  )
    .argument("<run-or-pipeline>", "id of a run, or name of a pipeline")
    .option("--last <n>", "so many runs of the pipeline", wholeNumber)
    .action(async (what: string, flags: Common & { last?: number }) => {
      await using dspex = await asClient(context, flags.user);
      const { last } = flags;
      const found =
        last === undefined
          ? await dspex.pipelines
              .get(what)
              .analysis()
              .catch((error) => {
                if (error.code !== "not_found") throw error;
                return dspex.pipelines.analysis(what);
              })
          : await dspex.pipelines.analysis(what, { last });
      const paint = context.terminal.paint.bind(context.terminal);
      if (flags.json === true) context.terminal.json(found);
      else for (const line of analysisLines(found, paint)) context.terminal.line(line);
    });
}

async function onlySignal(run: {
  id: string;
  progress(): Promise<{ stages: { signal?: string; status: string }[] }>;
}): Promise<string> {
  const { stages } = await run.progress();
  const waited = stages.flatMap(({ signal, status }) =>
    signal !== undefined && status === "running" ? [signal] : [],
  );
  const [signal] = waited;
  if (signal !== undefined && waited.length === 1) return signal;
  throw new DspexError(
    waited.length === 0 ? "not_found" : "invalid_inputs",
    waited.length === 0
      ? `run ${run.id} waits for nobody just now`
      : `run ${run.id} waits for ${waited.join(", ")}: name one`,
  );
}
