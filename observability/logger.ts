// The log lines of a process: JSON for machines, short coloured lines for a person at a terminal. Every line inside
// a span carries its trace id, so that a line leads to its trace and a trace to its lines.

import { trace } from "@opentelemetry/api";
import pino, { type DestinationStream, type Logger } from "pino";

export type { Logger };

import { prettyLine } from "./pretty-line.ts";
import { parseTraceparent } from "./trace-context.ts";

export interface LoggerSettings {
  /** pino's level names; `silent` turns it off. */
  level?: string | undefined;
  /** Coloured lines for people instead of JSON; by default where `output` is a terminal. */
  pretty?: boolean | undefined;
  /** Standard error by default: standard output belongs to a command's answer. */
  output?: LogOutput | undefined;
}

/** What is needed of a stream. */
export interface LogOutput {
  write(text: string): unknown;
  isTTY?: boolean | undefined;
}

/** Paths whose values never reach a line. */
const SECRET_PATHS = [
  "password",
  "*.password",
  "pass",
  "*.pass",
  "token",
  "*.token",
  "apiKey",
  "*.apiKey",
  "authorization",
  "*.authorization",
  "headers.authorization",
];

export function createLogger(settings: LoggerSettings = {}): Logger {
  const { level = "info", output = process.stderr } = settings;
  const pretty = settings.pretty ?? output.isTTY === true;
  const destination: DestinationStream = {
    write: pretty
      ? (line) => void output.write(prettyLine(line, output.isTTY === true))
      : (line) => void output.write(line),
  };
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_PATHS, censor: "[secret]" },
      mixin: traceIds,
    },
    destination,
  );
}

/** Members of a line that is written about a request, outside its span: they lead to its story and its trace. */
export function requestFields(
  requestId: string | undefined,
  traceparent: string | undefined,
): Record<string, string> {
  const spanContext = parseTraceparent(traceparent);
  return {
    ...(requestId !== undefined && { requestId }),
    ...(spanContext !== undefined && { traceId: spanContext.traceId, spanId: spanContext.spanId }),
  };
}

function traceIds(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId };
}
