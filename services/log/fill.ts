// How full the log is, looked at now and then: near its limit nothing new is run, so that what runs can still answer.

import { jetstreamManager } from "@nats-io/jetstream";
import { LOG_STREAM } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";

/** The last tenth of the log is for results. */
const FULL_ABOVE = 0.9;
const LOOK_EVERY_MS = 2_000;

export interface LogFill {
  /** True when new requests are not to be run. */
  readonly isFull: boolean;
  stop(): void;
}

/** Watches the log's size; while the server is away the last figure counts. */
export async function watchLogFill(connection: NatsConnection): Promise<LogFill> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  let isFull = false;
  const look = async (): Promise<void> => {
    const { config, state } = await manager.streams.info(LOG_STREAM);
    isFull = config.max_bytes > 0 && state.bytes > FULL_ABOVE * config.max_bytes;
  };
  await look();
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS).unref();
  return {
    get isFull() {
      return isFull;
    },
    stop: () => clearInterval(timer),
  };
}
