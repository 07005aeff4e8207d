// Everything that the dspex command and `up` take from the environment, read and checked in this one place.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";

/** Folder of this repository (or of the installed package). */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

type Variables = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

const variablesSchema = z.object({
  DSPEX_HOME: z.string().min(1).default(".dspex"),
  DSPEX_PYTHON: z.string().min(1).optional(),
  DSPEX_LOG_LEVEL: z.enum(LOG_LEVELS).optional(),
  DSPEX_CONFIG: z.string().min(1).optional(),
  NATS_URL: z.string().min(1).optional(),
  NATS_USER: z.string().min(1).optional(),
  NATS_PASSWORD: z.string().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.string().min(1).optional(),
});

export interface Environment {
  /** Data, credentials and sockets; absolute. */
  home: string;
  /** Python with the pools' packages. */
  python: string;
  logLevel: (typeof LOG_LEVELS)[number] | undefined;
  configPath: string;
  nats: { url: string | undefined; user: string | undefined; password: string | undefined };
  otlpEndpoint: string | undefined;
  /** Handed on to the pools: keys of models among them. */
  variables: Record<string, string>;
}

/** @throws DspexError `invalid_inputs` naming the variable. */
export function readEnvironment(variables: Variables = process.env): Environment {
  // An empty variable is an unset one: `DSPEX_HOME= dspex up` means the default.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const parsed = variablesSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DspexError(
      "invalid_inputs",
      `environment variable ${issue?.path.join(".")}: ${issue?.message}`,
    );
  }
  const read = parsed.data;
  return {
    home: resolve(read.DSPEX_HOME),
    python: read.DSPEX_PYTHON ?? resolve(ROOT, ".venv/bin/python"),
    logLevel: read.DSPEX_LOG_LEVEL,
    configPath: resolve(read.DSPEX_CONFIG ?? resolve(ROOT, "dspex.config.ts")),
    nats: { url: read.NATS_URL, user: read.NATS_USER, password: read.NATS_PASSWORD },
    otlpEndpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT,
    variables: Object.fromEntries(
      Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  };
}

/** NO_COLOR and FORCE_COLOR, as every command line reads them. */
export function colourWish(variables: Variables = process.env): "never" | "terminal" | "always" {
  const { NO_COLOR, FORCE_COLOR, TERM } = variables;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return "never";
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0") return "always";
  return TERM === "dumb" ? "never" : "terminal";
}
