// The nats-server configuration as text: pure, the same input gives the same bytes. It is written as JSON, which
// nats-server reads as it is, so that no password or path needs quoting rules of its own.

import { MAX_PAYLOAD_BYTES } from "../../schemas/limits.ts";
import { accountsOf, SYSTEM_ACCOUNT } from "./accounts.ts";
import type { Credentials } from "./credentials.ts";

export interface NatsConfigSettings {
  host: string;
  /** 0 = a free one, chosen by the server. */
  port: number;
  /** Monitoring over HTTP on the same host; 0 = a free one, undefined = off. */
  monitorPort?: number;
  storeDir: string;
  /** `always` or a duration as nats-server spells it: how long acknowledged messages may wait for fsync. */
  syncInterval?: string;
  pidFile?: string;
  portsFileDir?: string;
  logFile?: string;
  maxFileStoreBytes?: number;
  maxMemoryStoreBytes?: number;
}

export const DEFAULT_SYNC_INTERVAL = "1s";
const GIB = 1_073_741_824;
const MIB = 1_048_576;

/** nats-server takes -1 for "a free port". */
const portOf = (port: number): number => (port === 0 ? -1 : port);

export function natsConfig(settings: NatsConfigSettings, credentials: Credentials): string {
  const { host, monitorPort } = settings;
  const config = {
    server_name: "dspex",
    host,
    port: portOf(settings.port),
    ...(monitorPort !== undefined && { http: `${host}:${portOf(monitorPort)}` }),
    ...(settings.pidFile !== undefined && { pid_file: settings.pidFile }),
    ...(settings.portsFileDir !== undefined && { ports_file_dir: settings.portsFileDir }),
    ...(settings.logFile !== undefined && {
      log_file: settings.logFile,
      logfile_size_limit: 16 * MIB,
      logfile_max_num: 3,
    }),

    max_payload: MAX_PAYLOAD_BYTES,
    // What one slow reader may have waiting before it is cut, and for how long a write to it may block.
    max_pending: 64 * MIB,
    write_deadline: "10s",
    max_connections: 8_192,
    // Passwords of a whole namespace's parts are checked at once when it starts on a busy machine.
    authorization: { timeout: 10 },

    jetstream: {
      store_dir: settings.storeDir,
      sync_interval: settings.syncInterval ?? DEFAULT_SYNC_INTERVAL,
      // Room for every stream's own limit; the streams' limits are what bounds them.
      max_file_store: settings.maxFileStoreBytes ?? 256 * GIB,
      max_memory_store: settings.maxMemoryStoreBytes ?? GIB,
      // Publishes that wait for a stream's turn; above this the server refuses them (or, without a reply, drops them).
      max_buffered_msgs: 65_536,
      max_buffered_size: 256 * MIB,
    },

    system_account: SYSTEM_ACCOUNT,
    accounts: accountsOf(credentials),
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
