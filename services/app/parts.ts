// Which parts there are, what each needs before it starts, and how it is started: the whole composition in one table.

import type { Logger } from "pino";
import type { Credentials, Role } from "../broker/mod.ts";
import type { Part, PartSettings } from "../bus/part.ts";
import type { SupervisorConfig, SupervisorPart } from "../supervisor/mod.ts";
import type { Application } from "./application.ts";
import type { PartPlan } from "./compose.ts";
import { keeperPools, poolSlots } from "./pool-settings.ts";

export const PART_NAMES = [
  "keeper",
  "supervisor",
  "programs",
  "router",
  "native",
  "gateway",
  "learning",
  "variables",
  "sessions",
  "pipelines",
] as const;
export type PartName = (typeof PART_NAMES)[number];

export function isPartName(name: string): name is PartName {
  return (PART_NAMES as readonly string[]).includes(name);
}

export interface Startup {
  natsUrl: string;
  credentials: Credentials;
  /** Number of this process among those that run the same part. */
  instance: number;
  application: Application;
  supervisor: SupervisorConfig;
  /** Told of the supervisor, whose processes can be waited for and ended. */
  onSupervisor: (part: SupervisorPart) => void;
  logger: Logger;
}

interface PartEntry {
  role: Role;
  after: readonly PartName[];
  start(settings: PartSettings, startup: Startup): Promise<Part>;
}

/** Each is loaded when it is started: a process has only what it runs. */
const PARTS: Readonly<Record<PartName, PartEntry>> = {
  keeper: {
    role: "setup",
    after: [],
    async start(settings, { application }) {
      const { startKeeper } = await import("../keeper/mod.ts");
      return startKeeper(settings, {
        pools: keeperPools(application),
        snapshotServices: ["router", "programs", "learning", "sessions", "variables", "pipelines"],
      });
    },
  },
  supervisor: {
    role: "supervisor",
    // Nothing: imports of Python take longer than all else, and a pool waits by itself for what it needs.
    after: [],
    async start(settings, { supervisor, onSupervisor }) {
      const { startSupervisor } = await import("../supervisor/mod.ts");
      const part = await startSupervisor(settings, supervisor);
      onSupervisor(part);
      return part;
    },
  },
  programs: {
    role: "programs",
    after: ["keeper"],
    async start(settings, { application: { declarations, models } }) {
      const { startPrograms } = await import("../programs/main.ts");
      return startPrograms(settings, { declarations, models });
    },
  },
  router: {
    role: "router",
    after: ["keeper"],
    async start(settings, { application }) {
      const { startRouter } = await import("../router/main.ts");
      const { functions, path: configPath } = application;
      return startRouter(settings, {
        functions,
        configPath,
        config: { poolSlots: poolSlots(application) },
        sessions: application.settings.sessions,
      });
    },
  },
  native: {
    role: "native",
    after: ["keeper"],
    async start(settings, { application: { models, settings: own } }) {
      const { startNative } = await import("../native/main.ts");
      return startNative(settings, { models, slots: own.nativeSlots });
    },
  },
  gateway: {
    role: "gateway",
    after: ["keeper"],
    async start(settings) {
      const { startGateway } = await import("../gateway/main.ts");
      return startGateway(settings);
    },
  },
  learning: {
    role: "learning",
    after: ["keeper"],
    async start(settings) {
      const { startLearning } = await import("../learning/main.ts");
      return startLearning(settings);
    },
  },
  sessions: {
    role: "sessions",
    after: ["keeper"],
    async start(settings, { application: { settings: own } }) {
      const { startSessions } = await import("../sessions/main.ts");
      return startSessions(settings, { config: own.sessions });
    },
  },
  pipelines: {
    role: "pipelines",
    after: ["keeper"],
    async start(settings) {
      const { startPipelines } = await import("../pipelines/main.ts");
      return startPipelines(settings);
    },
  },
  variables: {
    role: "variables",
    after: ["keeper"],
    async start(settings, { application: { variables } }) {
      const { startVariables } = await import("../variables/main.ts");
      return startVariables(settings, { variables });
    },
  },
};

export function planParts(names: readonly PartName[], startup: Startup): PartPlan<PartName>[] {
  return names.map((name) => {
    const { role, after, start } = PARTS[name];
    const settings: PartSettings = {
      natsUrl: startup.natsUrl,
      role,
      password: startup.credentials.parts[role].password,
      instance: startup.instance,
      logger: startup.logger.child({ part: name }),
    };
    return { name, after, start: () => start(settings, startup) };
  });
}
