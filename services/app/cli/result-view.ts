// A result as a person reads it: the outputs on standard output, how they came about on standard error.

import { stringifyJson } from "../../../schemas/envelope/json.ts";
import type { Result } from "../../../schemas/messages/result.ts";
import { EXIT, Exit } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

export interface ResultViewOptions {
  /** One line of JSON: the outputs, or the whole result with `full`. */
  json?: boolean | undefined;
  full?: boolean | undefined;
  /** The person has seen the outputs while they were made. */
  isShown?: boolean | undefined;
  /** Pieces of the outputs were written before, a line of JSON each: this line names what it has. */
  followsPieces?: boolean | undefined;
}

/** @throws Exit with code 1 when the request did not succeed. */
export function showResult(terminal: Terminal, result: Result, options: ResultViewOptions): void {
  const succeeded = result.status === "succeeded";
  if (options.full === true) terminal.json(result, options.json === true ? undefined : 2);
  else if (options.json === true)
    terminal.json(succeeded ? shownOutputs(result, options) : { error: result.error });
  else if (succeeded && options.isShown !== true)
    for (const line of outputLines(result.outputs ?? {})) terminal.line(line);
  if (options.json !== true) terminal.note(terminal.paint("dim", summary(result)));
  if (succeeded) return;
  const error = result.error;
  const text = `${result.status}: ${error?.code ?? "unknown"}: ${error?.message ?? ""}`;
  throw new Exit(EXIT.failed, options.json === true ? "" : terminal.paint("red", text));
}

function shownOutputs({ outputs }: Result, { followsPieces = false }: ResultViewOptions): unknown {
  return followsPieces ? { outputs } : outputs;
}

/** The only output as it is; several with their names. */
function outputLines(outputs: Record<string, unknown>): string[] {
  const entries = Object.entries(outputs);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) return [shown(only[1])];
  return entries.map(([name, value]) => `${name}: ${shown(value)}`);
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : stringifyJson(value);
}

function summary(result: Result): string {
  const last = result.attempts.at(-1);
  const where = last?.pool === undefined ? undefined : `${last.pool}/${last.worker ?? "?"}`;
  const { inputTokens, outputTokens } = result.usage;
  const parts = [
    `${result.status} in ${Math.round(result.timings.totalMs)} ms`,
    result.implementation,
    where,
    result.attempts.length > 1 ? `${result.attempts.length} attempts` : undefined,
    inputTokens + outputTokens > 0 ? `${inputTokens}+${outputTokens} tokens` : undefined,
    result.id,
  ];
  return parts.filter((part) => part !== undefined).join(" · ");
}
