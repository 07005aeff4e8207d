// What every part of the system is started with and answers to, so that one process can run one of them or all.

import type { Logger } from "pino";
import { connectBus, type NatsConnection, roleInboxPrefix } from "./connect.ts";

export interface PartSettings {
  natsUrl: string;
  /** The part's role and, in the embedded default, its NATS user. */
  role: string;
  password: string;
  /** Tells instances of a part apart, in `source` and in names of followers. From 1. */
  instance: number;
  logger: Logger;
}

/** A running part. `stop` drains it: what it took is finished or given back. */
export interface Part {
  readonly name: string;
  stop(): Promise<void>;
}

/** Connects a part under its role. */
export function connectPart(settings: PartSettings): Promise<NatsConnection> {
  return connectBus({
    url: settings.natsUrl,
    user: settings.role,
    password: settings.password,
    name: `${settings.role}/${settings.instance}`,
    inboxPrefix: roleInboxPrefix(settings.role),
  });
}
