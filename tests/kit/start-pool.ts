// One Python pool, as the supervisor keeps it, beside a system that runs in the test.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
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

/** Returns when the pool takes work. The server's keeper must have been told of it: `{ general: … }`. */
export async function startPool(
  nats: TestNats,
  {
    model,
    modules = [],
    pool = "general",
    slots = 4,
    processes = 1,
    metrics = [],
  }: {
    model?: Model;
    modules?: readonly string[];
    pool?: "general" | "optimizer";
    slots?: number;
    processes?: number;
    /** Folders with functions that optimisations name. */
    metrics?: readonly string[];
  },
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
      pools: [{ pool, processes, slots, spares: 0, modules: [...modules] }],
      python: join(ROOT, ".venv/bin/python"),
      packages: join(ROOT, "python-pools"),
      logFolder: folder,
      environment: {
        PATH,
        HOME,
        ...(metrics.length > 0 && { DSPEX_METRICS: metrics.join(delimiter) }),
        ...(model !== undefined && {
          DSPEX_MODELS: JSON.stringify({ default: "fake", models: { fake: model } }),
        }),
      },
      logins: { [pool]: nats.login(`pool-${pool}`) },
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
