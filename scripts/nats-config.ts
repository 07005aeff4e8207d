// Writes the configuration of a nats-server that somebody else starts (a container, a service manager): the accounts,
// permissions and passwords of a home, which is made where there is none. Run it again after `dspex user add` or
// `remove`, then have the server read it twice (SIGHUP): see docs/operations.md.
//
//   node scripts/nats-config.ts --home .dspex --host 0.0.0.0 --store-dir /data --output /etc/nats/nats.conf

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  DEFAULT_PORT,
  DEFAULT_SYNC_INTERVAL,
  ensureCredentials,
  natsConfig,
} from "../services/broker/mod.ts";

const { values } = parseArgs({
  options: {
    home: { type: "string", default: process.env.DSPEX_HOME ?? ".dspex" },
    /** Where the file goes; by default beside the home's other files. */
    output: { type: "string" },
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: String(DEFAULT_PORT) },
    "monitor-port": { type: "string" },
    /** Folder of the server's own machine. */
    "store-dir": { type: "string" },
    sync: { type: "string", default: DEFAULT_SYNC_INTERVAL },
  },
});

const home = resolve(values.home);
const output = resolve(values.output ?? join(home, "nats/nats.conf"));
const monitorPort = values["monitor-port"];
const text = natsConfig(
  {
    host: values.host,
    port: Number(values.port),
    storeDir: values["store-dir"] ?? join(home, "nats"),
    syncInterval: values.sync,
    ...(monitorPort !== undefined && { monitorPort: Number(monitorPort) }),
  },
  ensureCredentials(home),
);
mkdirSync(dirname(output), { recursive: true, mode: 0o700 });
// Passwords are in it.
writeFileSync(output, text, { mode: 0o600 });
console.log(output);
