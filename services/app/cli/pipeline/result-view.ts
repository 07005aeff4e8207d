// A run's result as a person reads it: the outputs on standard output, how they came about on standard error.

import { stringifyJson } from "../../../../schemas/envelope/json.ts";
import { shorten } from "../../../../schemas/signature/shorten.ts";
import type { TypedPipelineResult } from "../../../client/mod.ts";
import { EXIT, Exit } from "../exit-codes.ts";
import { milliseconds } from "../figures.ts";
import type { Terminal } from "../terminal.ts";

type Result = TypedPipelineResult<Record<string, unknown>>;

const SHOWN = 200;

/** @throws Exit with code 1 when the run did not succeed. */
export function showRunResult(
  terminal: Terminal,
  result: Result,
  { json, full }: { json?: boolean | undefined; full?: boolean | undefined },
): void {
  const hasSucceeded = result.status === "succeeded";
  if (json === true) terminal.json({ result });
  else if (full === true) terminal.json(result, 2);
  else {
    if (hasSucceeded) for (const line of outputLines(result.outputs ?? {})) terminal.line(line);
    else for (const line of partialLines(result)) terminal.note(line);
    terminal.note(terminal.paint("dim", summary(result)));
  }
  if (hasSucceeded) return;
  const { error, failedStage } = result;
  const where = failedStage === undefined ? "" : ` at ${failedStage}`;
  const text = `${result.status}${where}: ${error?.code ?? "unknown"}: ${error?.message ?? ""}`;
  throw new Exit(EXIT.failed, json === true ? "" : terminal.paint("red", text));
}

/** The only output as it is; several with their names. */
export function outputLines(outputs: Record<string, unknown>): string[] {
  const entries = Object.entries(outputs);
  const shown = (value: unknown) => (typeof value === "string" ? value : stringifyJson(value));
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) return [shown(only[1])];
  return entries.map(([name, value]) => `${name}: ${shown(value)}`);
}

/** What finished all the same, and why the rest did not. */
function partialLines({ partial }: Result): string[] {
  const finished = Object.entries(partial?.finished ?? {}).map(
    ([stage, outputs]) => `finished   ${stage}  ${shorten(stringifyJson(outputs), SHOWN)}`,
  );
  const unfinished = (partial?.unfinished ?? []).map(({ stage, why }) => `unfinished ${stage}  ${why}`);
  return [...finished, ...unfinished];
}

function summary({
  status,
  timings,
  counts,
  usage,
  parallelSpeedup,
  pathTaken,
  fallbackReason,
  reused,
  run,
}: Result): string {
  const tokens = usage.inputTokens + usage.outputTokens;
  const parts = [
    `${status} in ${milliseconds(timings.totalMs)}`,
    `${counts.requests} requests`,
    tokens > 0 ? `${usage.inputTokens}+${usage.outputTokens} tokens` : undefined,
    parallelSpeedup > 0 ? `speed-up ${parallelSpeedup.toFixed(1)}` : undefined,
    pathTaken.length > 0 ? `path ${shorten(pathTaken.join(" "), SHOWN)}` : undefined,
    fallbackReason === undefined ? undefined : `fallback: ${fallbackReason}`,
    reused === undefined ? undefined : `${reused.stages} stages taken over from ${reused.run}`,
    `run ${run}`,
  ];
  return parts.filter((part) => part !== undefined).join(" · ");
}
