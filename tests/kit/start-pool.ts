// One Python pool, as the supervisor keeps it, beside a system that runs in the test.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import type { Model } from "../../schemas/config/models.ts";
import { startSupervisor } from "../../services/supervisor/main.ts";
import type { TestNats } from "./start-nats.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface TestPool extends AsyncDisposable {
  /** Processes that take work. */
  pids(): number[];
}

/** Returns when the general pool takes work. The server's keeper must have been told of `{ general: … }`. */
export async function startPool(
  nats: TestNats,
  { model, modules = [] }: { model: Model; modules?: readonly string[] },
): Promise<TestPool> {
  const folder = mkdtempSync(join(tmpdir(), "dspex-pool-"));
  const { PATH = "", HOME = "" } = process.env;
  const { supervisor, stop } = await startSupervisor(
    {
      natsUrl: nats.url,
      role: "supervisor",
      password: nats.login("supervisor").password,
      instance: 1,
      logger: pino({ level: process.env.DSPEX_TEST_LOG ?? "silent" }, pino.destination(2)),
    },
    {
      pools: [{ pool: "general", processes: 1, slots: 4, spares: 0, modules: [...modules] }],
      python: join(ROOT, ".venv/bin/python"),
      packages: join(ROOT, "python-pools"),
      logFolder: folder,
      environment: {
        PATH,
        HOME,
        DSPEX_MODELS: JSON.stringify({ default: "fake", models: { fake: model } }),
      },
      logins: { general: nats.login("pool-general") },
    },
  );
  const dispose = async () => {
    supervisor.kill();
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await supervisor.ready;
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    pids: () =>
      supervisor
        .processes()
        .flatMap(({ status, pid }) => (status === "ready" && pid !== undefined ? [pid] : [])),
    [Symbol.asyncDispose]: dispose,
  };
}
