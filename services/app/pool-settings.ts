// Pure: one configuration of the pools, as the keeper, the router and the supervisor each need it.

import { delimiter, dirname, resolve } from "node:path";
import type { Credentials, Role } from "../broker/mod.ts";
import type { KeeperOptions } from "../keeper/mod.ts";
import type { SupervisorConfig } from "../supervisor/mod.ts";
import type { Application } from "./application.ts";

/** Every pool has these without any module. */
const BUILTIN_ENTRIES = ["echo", "ping"];
/** Processes with a native worker that a namespace may have. */
const NATIVE_INSTANCES = 3;
const PYTHON_POOLS = ["general", "optimizer", "neural"] as const;

/** Consumers and what each may hold follow the number of processes and their slots. */
export function keeperPools({ settings }: Application): NonNullable<KeeperOptions["pools"]> {
  const { general, optimizer, neural } = settings.pools;
  const pool = ({ processes, slots }: { processes: number; slots: number }) => ({
    workers: processes,
    slots,
  });
  return {
    // Workers of this pool have the numbers of their instances, which begin with 1.
    native: { workers: NATIVE_INSTANCES + 1, slots: settings.nativeSlots },
    general: pool(general),
    optimizer: pool(optimizer),
    neural: pool(neural),
  };
}

/** Slots of all processes of a pool together. */
export function poolSlots({ settings }: Application): Record<string, number> {
  const slots = PYTHON_POOLS.map((name) => {
    const { slots: each, processes } = settings.pools[name];
    return [name, Math.max(each * processes, 1)] as const;
  });
  return { ...Object.fromEntries(slots), native: settings.nativeSlots };
}

export interface PoolProcessSettings {
  application: Application;
  credentials: Credentials;
  python: string;
  /** Folder of the Python packages. */
  packages: string;
  logFolder: string;
  /** Of this process, handed on: keys of models among it. */
  environment: Record<string, string>;
  otlpEndpoint: string | undefined;
  /** Share of new traces that are recorded. */
  sampling: number;
  /** Processes that import at once. */
  startsAtOnce: number;
}

export function supervisorConfig(given: PoolProcessSettings): SupervisorConfig {
  const { application, credentials, environment, otlpEndpoint, sampling } = given;
  return {
    pools: PYTHON_POOLS.map((pool) => ({
      pool,
      modules: moduleFolders(application, pool),
      ...application.settings.pools[pool],
    })),
    limits: { startsAtOnce: given.startsAtOnce },
    python: given.python,
    packages: given.packages,
    logFolder: given.logFolder,
    environment: {
      ...withoutLogin(environment),
      DSPEX_MODELS: JSON.stringify(application.models),
      // Where metrics of optimisations are looked for.
      DSPEX_METRICS: folders(application).join(delimiter),
      ...(otlpEndpoint !== undefined && {
        DSPEX_OTLP_ENDPOINT: otlpEndpoint,
        OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG: String(sampling),
      }),
    },
    logins: Object.fromEntries(PYTHON_POOLS.map((pool) => [pool, credentials.parts[`pool-${pool}` as Role]])),
  };
}

/**
 * Users' modules belong to the general pool, which announces them; another pool has them where a declared program
 * says that it runs one.
 */
function moduleFolders({ settings, declarations, path }: Application, pool: string): string[] {
  const isWanted = declarations.some(({ implementations }) =>
    implementations.some(
      (implementation) =>
        implementation.kind === "python" &&
        implementation.pool === pool &&
        !BUILTIN_ENTRIES.includes(implementation.entry),
    ),
  );
  if (pool !== "general" && !isWanted) return [];
  return folders({ settings, path });
}

function folders({ settings, path }: Pick<Application, "settings" | "path">): string[] {
  return settings.modules.map((folder) => resolve(dirname(path), folder));
}

/** A pool has its own login; the one of whoever started it would be a right more than it needs. */
function withoutLogin(environment: Record<string, string>): Record<string, string> {
  const { NATS_USER: _user, NATS_PASSWORD: _password, NATS_CREDS: _creds, ...rest } = environment;
  return rest;
}
