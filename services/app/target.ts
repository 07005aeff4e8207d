// Where a command connects and as whom: what the environment says, else what the home's running server is.

import { DspexError } from "../../schemas/errors.ts";
import {
  BrokerError,
  type Credentials,
  LOCAL_USER,
  type Role,
  readCredentials,
  runningServer,
} from "../broker/mod.ts";
import { connectBus, type NatsConnection, roleInboxPrefix } from "../bus/connect.ts";
import type { Environment } from "./config.ts";

export interface Target {
  url: string;
  user: string;
  password: string;
  /** Roles have an inbox prefix of their own; users the default. */
  inboxPrefix?: string;
}

/** The application user that the environment names, else the home's user `local` (or `user`). */
export function userTarget(environment: Environment, user?: string): Target {
  const { nats, home } = environment;
  if (nats.url !== undefined && nats.user !== undefined && (user === undefined || user === nats.user)) {
    return { url: nats.url, user: nats.user, password: nats.password ?? "" };
  }
  const name = user ?? nats.user ?? LOCAL_USER;
  const known = credentialsOf(home).users.find((one) => one.name === name);
  if (known === undefined)
    throw new DspexError("not_found", `there is no user ${JSON.stringify(name)} in ${home}`);
  return { url: urlOf(environment), user: name, password: known.password };
}

/** A part's own login, which only the owner of the home has. */
export function roleTarget(environment: Environment, role: Role): Target {
  const login = credentialsOf(environment.home).parts[role];
  return { url: urlOf(environment), ...login, inboxPrefix: roleInboxPrefix(role) };
}

/** Connects or says at once that it cannot. */
export function connectTarget(target: Target, name: string): Promise<NatsConnection> {
  return connectBus({ ...target, name, failFast: true });
}

function urlOf({ nats, home }: Environment): string {
  const url = runningServer(home)?.url ?? nats.url;
  if (url === undefined) {
    throw new DspexError(
      "unavailable",
      `nothing runs from ${home}: start it with "npm start", or set NATS_URL`,
    );
  }
  return url;
}

function credentialsOf(home: string): Credentials {
  try {
    return readCredentials(home);
  } catch (error) {
    if (error instanceof BrokerError && error.kind === "no-credentials") {
      throw new DspexError(
        "unavailable",
        `nothing was ever started from ${home}: start it with "npm start", or set DSPEX_HOME or NATS_URL`,
      );
    }
    throw error;
  }
}
