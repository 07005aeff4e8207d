// What is in force, read back from the server: streams, consumers, durability. `doctor` and `up` print it.

import { LOG_STREAM, TIMER_STREAM } from "../../schemas/subjects.ts";
import { SERVER_CONFIGURATION_SUBJECT } from "../broker/mod.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { ConsumerInfo, LogAdmin, StreamInfo } from "../log/admin.ts";
import type { KeeperSettings } from "./config.ts";
import type { Difference } from "./differences.ts";
import { findDifferences } from "./open.ts";
import { desiredStreams } from "./streams.ts";

export interface ServerInForce {
  name: string;
  version: string;
  /** Acknowledged messages may wait this long for fsync; 0 = none does. */
  syncIntervalMs: number;
  syncAlways: boolean;
  maxFileStoreBytes: number;
  maxMemoryStoreBytes: number;
}

export interface SetupInfo {
  /** Each server of the cluster that answered; empty where the system account does not let us ask. */
  servers: ServerInForce[];
  streams: StreamInfo[];
  consumers: ConsumerInfo[];
  /** Fields that are not as the code relies on; empty = all is well. */
  differences: Difference[];
}

export async function readSetupInfo(
  connection: NatsConnection,
  admin: LogAdmin,
  settings: KeeperSettings,
): Promise<SetupInfo> {
  const [servers, streams, log, timers, differences] = await Promise.all([
    readServers(connection),
    Promise.all(desiredStreams(settings).map(({ name }) => admin.stream(name))),
    admin.consumers(LOG_STREAM),
    admin.consumers(TIMER_STREAM),
    findDifferences(admin, settings),
  ]);
  return {
    servers,
    streams: streams.filter((stream) => stream !== undefined),
    consumers: [...log, ...timers],
    differences,
  };
}

interface JetStreamStatistics {
  server: { name: string; ver: string };
  data?: {
    config?: { sync_interval?: number; sync_always?: boolean; max_storage?: number; max_memory?: number };
  };
}

async function readServers(connection: NatsConnection): Promise<ServerInForce[]> {
  const servers: ServerInForce[] = [];
  try {
    const answers = await connection.requestMany(SERVER_CONFIGURATION_SUBJECT, "", {
      strategy: "stall",
      maxWait: 2_000,
      stall: 200,
    });
    for await (const answer of answers) {
      const { server, data } = answer.json() as JetStreamStatistics;
      const config = data?.config ?? {};
      const syncAlways = config.sync_always === true;
      servers.push({
        name: server.name,
        version: server.ver,
        syncIntervalMs: syncAlways ? 0 : (config.sync_interval ?? 0) / 1_000_000,
        syncAlways,
        maxFileStoreBytes: config.max_storage ?? 0,
        maxMemoryStoreBytes: config.max_memory ?? 0,
      });
    }
  } catch {
    return servers; // an existing NATS without that import: durability is not known
  }
  return servers;
}
