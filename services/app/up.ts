// Starts everything that runs from one home, and stops it. Prints nothing: who calls tells the person.
//
//   home lock ─▶ server ─┬─▶ Python pools and model (imports take seconds)
//                        └─▶ keeper ─▶ programs · router · native · gateway · learning

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { startTracing, type Tracing } from "../../observability/mod.ts";
import { DspexError } from "../../schemas/errors.ts";
import { ensureCredentials } from "../broker/mod.ts";
import type { KeeperPart } from "../keeper/main.ts";
import type { Companion, SupervisorPart } from "../supervisor/mod.ts";
import { type Application, loadApplication } from "./application.ts";
import { type Composition, startAll } from "./compose.ts";
import { type Environment, ROOT } from "./config.ts";
import { type HomeLock, lockHome } from "./lock.ts";
import { freePort, startModelServer } from "./model-server.ts";
import { PART_NAMES, type PartName, planParts } from "./parts.ts";
import { supervisorConfig } from "./pool-settings.ts";
import { type KeptServer, keepServer } from "./server.ts";

export interface UpSettings {
  environment: Environment;
  port: number;
  syncInterval: string;
  /** Absent = an embedded server. */
  natsUrl: string | undefined;
  parts: readonly PartName[];
  instance: number;
  configPath: string;
  otlpEndpoint: string | undefined;
  /** Absent = as the configuration says. */
  sampling: number | undefined;
  /** Aborted when everything is to be ended at once, also what has only half started. */
  ended?: AbortSignal | undefined;
  logger: Logger;
  /** One line for each thing that is there. */
  onProgress: (what: string) => void;
}

export interface Running {
  readonly url: string;
  readonly application: Application;
  /** All parts run: nothing is missing for a request. */
  readonly hasEverything: boolean;
  /** Every pool takes work and the model answers (or is known not to come). */
  readonly ready: Promise<void>;
  /** Rejects when it cannot go on. */
  readonly failed: Promise<never>;
  /** Drains and stops everything in order. */
  stop(): Promise<void>;
}

/** Together with the server's own end it stays under ten seconds. */
const PART_STOP_MS = 7_000;
const PACKAGES = resolve(ROOT, "python-pools");

/** What was started so far, so that a failing start leaves nothing behind. */
interface Started {
  lock?: HomeLock;
  server?: KeptServer;
  model?: Companion;
  tracing?: Tracing;
  supervisor?: SupervisorPart;
  parts?: Composition<PartName>;
}

/** @throws HomeTaken, BrokerError, ConfigurationDiffers, DspexError; whatever was started is stopped again. */
export async function up(settings: UpSettings): Promise<Running> {
  const started: Started = {};
  settings.ended?.addEventListener("abort", () => kill(started));
  try {
    return await start(settings, started);
  } catch (error) {
    await stop(started);
    throw error;
  }
}

async function start(settings: UpSettings, started: Started): Promise<Running> {
  const { environment, logger, onProgress, parts } = settings;
  const { home } = environment;
  const needsPython = parts.includes("supervisor");
  if (needsPython && !existsSync(environment.python)) {
    throw new DspexError(
      "unavailable",
      `no Python at ${environment.python}: run "npm run setup", or set DSPEX_PYTHON`,
    );
  }
  if (settings.natsUrl === undefined) started.lock = lockHome(home, Date.now());
  const loading = loadApplication(settings.configPath, freePort);
  loading.catch(() => {}); // told below, after the server had its chance to say that the port is taken
  const url = settings.natsUrl ?? (await startServer(settings, started));
  const application = await loading;
  const otlpEndpoint = settings.otlpEndpoint ?? application.settings.tracing.endpoint;
  const sampling = settings.sampling ?? application.settings.tracing.ratio;
  started.tracing = await startTracing({
    endpoint: otlpEndpoint,
    ratio: sampling,
    instance: String(settings.instance),
    onError: (err) => logger.warn({ err }, "spans were lost"),
  });

  const common = { python: environment.python, packages: PACKAGES, environment: environment.variables };
  const callsModels = parts.includes("supervisor") || parts.includes("native");
  if (callsModels && application.embeddedModelPort !== undefined)
    started.model = startModelServer({ ...common, port: application.embeddedModelPort, logger });
  const credentials = ensureCredentials(home);
  const plans = planParts(parts, {
    natsUrl: url,
    credentials,
    instance: settings.instance,
    application,
    supervisor: supervisorConfig({
      ...common,
      application,
      credentials,
      logFolder: join(home, "logs"),
      otlpEndpoint,
      sampling,
      startsAtOnce: Math.max(2, availableParallelism()),
    }),
    onSupervisor: (part) => {
      started.supervisor = part;
    },
    logger,
  });
  started.parts = await startAll(plans, {
    onStarted: (name) => onProgress(name === "supervisor" ? "supervisor, Python pools are starting" : name),
    onStopFailed: (part, err) => logger.warn({ part, err }, "a part did not stop"),
  });
  started.lock?.serving(url);
  const { supervisor, model, server } = started;
  const ready = Promise.all([
    tellDurability(started.parts, onProgress),
    supervisor?.supervisor.ready.then(() => onProgress("Python pools: general, optimizer, neural")),
    model?.ready.then(
      (address) => onProgress(`embedded model at ${address}`),
      (error: Error) => onProgress(`no embedded model: ${error.message}`),
    ),
  ]).then(() => {});
  return {
    url,
    application,
    hasEverything: PART_NAMES.every((name) => parts.includes(name)),
    ready,
    failed: server?.failed ?? new Promise<never>(() => {}),
    stop: () => stop(started),
  };
}

/** As the server itself tells it, which counts more than what it was asked for. */
async function tellDurability(
  { parts }: Composition<PartName>,
  onProgress: (what: string) => void,
): Promise<void> {
  const keeper = parts.get("keeper") as KeeperPart | undefined;
  for (const { syncAlways, syncIntervalMs } of (await keeper?.keeper.info())?.servers ?? []) {
    onProgress(
      syncAlways
        ? "durability: every write is synced before it is acknowledged"
        : `durability: writes are synced each ${syncIntervalMs} ms; a power cut may cost that much, a crash nothing`,
    );
  }
}

async function startServer(settings: UpSettings, started: Started): Promise<string> {
  const { environment, port, syncInterval, logger, onProgress } = settings;
  const server = await keepServer(
    { home: environment.home, port, syncInterval },
    logger.child({ part: "server" }),
  );
  started.server = server;
  onProgress(`nats-server at ${server.url}`);
  return server.url;
}

async function stop(started: Started): Promise<void> {
  await started.parts?.stop(PART_STOP_MS);
  await started.model?.stop();
  await started.tracing?.stop();
  await started.server?.stop();
  started.lock?.release();
}

function kill({ supervisor, model, server, lock }: Started): void {
  supervisor?.supervisor.kill();
  model?.kill();
  server?.kill();
  lock?.release();
}
