// The whole system with each part in a process of its own, on a real server in a fresh home: for tests that kill.
//
//   nats-server · programs · gateway · routers 1, 2 … · pool general under a supervisor (which runs in the test)

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import type { RouterConfig } from "../../services/router/config.ts";
import { type SupervisorPart, startSupervisor } from "../../services/supervisor/main.ts";
import { Child } from "./child-process.ts";
import type { PartProcessSettings } from "./part-process.ts";
import { setRouterAckWait } from "./router-ack-wait.ts";
import { type StartNatsOptions, startNats, type TestNats } from "./start-nats.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PART = new URL("./part-process.ts", import.meta.url);
const CONFIG_PATH = fileURLToPath(new URL("./faults.config.ts", import.meta.url));
const MODULES = fileURLToPath(new URL("./fault-modules", import.meta.url));

export interface ProcessesOptions extends StartNatsOptions {
  routers?: number;
  router?: Partial<RouterConfig>;
  /** Python processes of pool general; none by default. */
  poolProcesses?: number;
  /** Instances of the pipelines service; none by default. */
  pipelines?: number;
  /** Time after which a dead router's requests come back, ms; 30,000 by default, which a short test cannot wait for. */
  routerAckWaitMs?: number;
}

/** One run of a program, as it was recorded by the program itself. */
export interface RecordedRun {
  key: string;
  atMs: number;
  pid: number;
}

export class ProcessSystem implements AsyncDisposable {
  readonly nats: TestNats;
  /** By `router/1`, `gateway/1` …; a restarted part takes its predecessor's place. */
  readonly parts = new Map<string, Child>();
  readonly #options: ProcessesOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "dspex-faults-"));
  readonly #environment = { DSPEX_TEST_RUNS: join(this.#folder, "runs") };
  #supervisor: SupervisorPart | undefined;

  constructor(nats: TestNats, options: ProcessesOptions) {
    this.nats = nats;
    this.#options = options;
  }

  async start(): Promise<this> {
    const { routers = 2, poolProcesses = 0, pipelines = 0 } = this.#options;
    const pool = poolProcesses > 0 ? this.#startPool(poolProcesses) : Promise.resolve();
    await Promise.all([
      this.startPart("programs", 1),
      this.startPart("gateway", 1),
      // Without it the second request that names a session would wait for the end of the first one's turn.
      this.startPart("sessions", 1),
      ...Array.from({ length: routers }, (_, n) => this.startPart("router", n + 1)),
      ...Array.from({ length: pipelines }, (_, n) => this.startPart("pipelines", n + 1)),
      pool,
    ]);
    return this;
  }

  /** Starts a part, or its successor under the same name. */
  async startPart(part: PartProcessSettings["part"], instance: number): Promise<Child> {
    const { router, routerAckWaitMs } = this.#options;
    const settings: PartProcessSettings = {
      part,
      instance,
      natsUrl: this.nats.url,
      password: this.nats.login(part).password,
      configPath: CONFIG_PATH,
      router: { ...router, ...(routerAckWaitMs !== undefined && { ackWaitMs: routerAckWaitMs }) },
    };
    const environment = this.#environment;
    const child = new Child(`${part}/${instance}`, { entry: PART, settings, environment });
    // At once, so that it is ended also when another part cannot start.
    this.parts.set(child.name, child);
    return child.ready();
  }

  part(name: string): Child {
    const child = this.parts.get(name);
    if (child === undefined) throw new Error(`no process ${name}`);
    return child;
  }

  /** Process ids of the pool's processes that take work. */
  poolPids(): number[] {
    const processes = this.#supervisor?.supervisor.processes() ?? [];
    return processes.flatMap(({ status, pid }) => (status === "ready" && pid !== undefined ? [pid] : []));
  }

  /** Every run of a program of `faults.config.ts` so far. */
  runs(): RecordedRun[] {
    let text: string;
    try {
      text = readFileSync(this.#environment.DSPEX_TEST_RUNS, "utf8");
    } catch {
      return []; // nothing has run yet
    }
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const [key = "", atMs, pid] = line.split(" ");
        return { key, atMs: Number(atMs), pid: Number(pid) };
      });
  }

  async #startPool(processes: number): Promise<void> {
    const { nats } = this;
    const { PATH = "", HOME = "" } = process.env;
    this.#supervisor = await startSupervisor(
      {
        natsUrl: nats.url,
        role: "supervisor",
        password: nats.login("supervisor").password,
        instance: 1,
        logger: pino({ level: process.env.DSPEX_TEST_LOG ?? "silent" }, pino.destination(2)),
      },
      {
        pools: [{ pool: "general", processes, spares: 0, modules: [MODULES] }],
        python: join(ROOT, ".venv/bin/python"),
        packages: join(ROOT, "python-pools"),
        logFolder: this.#folder,
        environment: { PATH, HOME, ...this.#environment },
        logins: { general: nats.login("pool-general") },
      },
    );
    await this.#supervisor.supervisor.ready;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.parts.values()].map((child) => child.kill9()));
    this.#supervisor?.supervisor.kill();
    await this.#supervisor?.stop();
    await this.nats[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export async function startProcesses(options: ProcessesOptions = {}): Promise<ProcessSystem> {
  const { poolProcesses = 1 } = options;
  const nats = await startNats({
    ...options,
    keeper: { pools: { general: { workers: Math.max(poolProcesses, 1), slots: 8 } } },
  });
  const system = new ProcessSystem(nats, options);
  try {
    if (options.routerAckWaitMs !== undefined) await setRouterAckWait(nats, options.routerAckWaitMs);
    return await system.start();
  } catch (error) {
    await system[Symbol.asyncDispose]();
    throw error;
  }
}
