// The inside of a part's process: one router, gateway, registry of programs, or the service of sessions or pipelines.

import { pathToFileURL } from "node:url";
import { pino } from "pino";
import type { Part, PartSettings } from "../../services/bus/part.ts";
import { startGateway } from "../../services/gateway/main.ts";
import { startPipelines } from "../../services/pipelines/main.ts";
import type { DefinedConfig } from "../../services/programs/define.ts";
import { startPrograms } from "../../services/programs/main.ts";
import type { RouterConfig } from "../../services/router/config.ts";
import { startRouter } from "../../services/router/main.ts";
import { startSessions } from "../../services/sessions/main.ts";
import { childSettings, tellStarter } from "./child-process.ts";

export interface PartProcessSettings {
  part: "router" | "gateway" | "programs" | "sessions" | "pipelines";
  natsUrl: string;
  password: string;
  instance: number;
  /** Module whose default export has the programs. */
  configPath: string;
  router?: Partial<RouterConfig>;
}

const settings = childSettings<PartProcessSettings>();

async function start(part: PartSettings): Promise<Part> {
  if (settings.part === "gateway") return startGateway(part);
  if (settings.part === "sessions") return startSessions(part);
  if (settings.part === "pipelines") return startPipelines(part);
  const { configPath } = settings;
  const config = ((await import(pathToFileURL(configPath).href)) as { default: DefinedConfig }).default;
  if (settings.part === "programs") return startPrograms(part, { declarations: config.declarations });
  const { functions } = config;
  return startRouter(part, {
    functions,
    configPath,
    ...(settings.router !== undefined && { config: settings.router }),
  });
}

await start({
  natsUrl: settings.natsUrl,
  role: settings.part,
  password: settings.password,
  instance: settings.instance,
  logger: pino({ level: process.env.DSPEX_TEST_LOG ?? "warn" }, pino.destination(2)),
});
tellStarter({ ready: true });
