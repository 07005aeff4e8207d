// The embedded nats-server of a benchmark, in a fresh home on a free port, with one account beside those of the system:
// the floor's, which has nothing between it and JetStream: no permissions, no imports.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Login, runningServer, startEmbeddedServer } from "../../services/broker/mod.ts";
import { connectBus } from "../../services/bus/connect.ts";

export interface BenchServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly home: string;
  readonly local: Login;
  readonly router: Login;
  readonly floor: Login;
}

const FLOOR: Login = { user: "floor", password: "floor" };

export async function startBenchServer(syncInterval: string): Promise<BenchServer> {
  const home = mkdtempSync(join(tmpdir(), "dspex-bench-"));
  const server = await startEmbeddedServer({ home, port: 0, syncInterval });
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await addFloorAccount(home, server.credentials.system);
  } catch (error) {
    await stop();
    throw error;
  }
  const [local] = server.credentials.users;
  if (local === undefined) throw new Error("the embedded server has no application user");
  return {
    url: server.url,
    pid: server.pid,
    home,
    local: { user: local.name, password: local.password },
    router: server.credentials.parts.router,
    floor: FLOOR,
    [Symbol.asyncDispose]: stop,
  };
}

async function addFloorAccount(home: string, { user, password }: Login): Promise<void> {
  const server = runningServer(home);
  if (server === undefined) throw new Error(`no server runs from ${home}`);
  const file = join(home, "nats", "nats.conf");
  const config = JSON.parse(readFileSync(file, "utf8")) as { accounts: Record<string, unknown> };
  config.accounts.FLOOR = { jetstream: "enabled", users: [FLOOR] };
  writeFileSync(file, JSON.stringify(config));
  const system = await connectBus({ url: server.url, user, password, name: "bench-reload", failFast: true });
  try {
    const id = system.info?.server_id ?? "";
    const answer = await system.request(`$SYS.REQ.SERVER.${id}.RELOAD`, "", { timeout: 10_000 });
    const { error } = answer.json() as { error?: { description?: string } };
    if (error !== undefined) throw new Error(`the server refused the floor's account: ${error.description}`);
  } finally {
    await system.close();
  }
}
