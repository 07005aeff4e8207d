// What every command gets: where to write, what the environment says, and when to give up.

import { InvalidArgumentError } from "commander";
import type { Role } from "../../broker/mod.ts";
import type { NatsConnection } from "../../bus/connect.ts";
import type { Environment } from "../config.ts";
import { connectTarget, roleTarget, type Target, userTarget } from "../target.ts";
import type { Terminal } from "./terminal.ts";

export interface CommandContext {
  terminal: Terminal;
  environment: Environment;
  /** Aborted by the first Ctrl-C (or SIGTERM, SIGHUP). */
  interrupted: AbortSignal;
  /** Aborted by the second, just before the process ends. */
  ended: AbortSignal;
}

export interface UserConnection extends AsyncDisposable {
  target: Target;
  connection: NatsConnection;
}

/** Connected as the application user, closed at the end of the scope. */
export async function asUser(context: CommandContext, user?: string): Promise<UserConnection> {
  return open(userTarget(context.environment, user));
}

/** Connected under a role of the home. */
export async function asRole(context: CommandContext, role: Role): Promise<UserConnection> {
  return open(roleTarget(context.environment, role));
}

async function open(target: Target): Promise<UserConnection> {
  const connection = await connectTarget(target, "dspex command");
  return { target, connection, [Symbol.asyncDispose]: () => connection.close() };
}

/** A whole number of an option. */
export function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value))
    throw new InvalidArgumentError(`${JSON.stringify(value)} is not a whole number.`);
  return Number(value);
}

const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500`, `500ms`, `30s`, `5m`, `2h`, `1d` → ms. */
export function duration(value: string): number {
  const match = /^(\d{1,12}(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(value);
  if (match === null)
    throw new InvalidArgumentError(`${JSON.stringify(value)} is no duration such as 500ms, 30s, 5m, 2h.`);
  return Number(match[1]) * (UNITS_MS[match[2] ?? "ms"] ?? 1);
}
