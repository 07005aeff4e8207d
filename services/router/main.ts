// Wires a router: connection → fold → consumers. Run several of them, in one process or many; they share the work.

import type { SessionSettings } from "../../schemas/config/config.ts";
import { appenderOf } from "../bus/append.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import type { NativeFunctions } from "../programs/define.ts";
import { type RouterConfig, routerConfigSchema } from "./config.ts";
import { consume } from "./consume.ts";
import { serveOpenRequests } from "./open-requests.ts";
import { wireRouter } from "./wire.ts";

export interface RouterOptions {
  config?: Partial<RouterConfig>;
  functions: NativeFunctions;
  /** The module that holds the functions, for worker threads. */
  configPath: string;
  /** Of the application; absent = as they are by default. */
  sessions?: SessionSettings;
}

export async function startRouter(settings: PartSettings, options: RouterOptions): Promise<Part> {
  const config = routerConfigSchema.parse(options.config ?? {});
  const { logger } = settings;
  const connection = await connectPart(settings);
  const appender = appenderOf(connection, settings);
  const wired = await wireRouter(settings, connection, appender, { ...options, config });
  const { router, endings, fold, lanes, fill, lookouts } = wired;
  await fold.start(connection);
  router.resume();
  const drain = await consume(connection, wired, config, logger);
  for (const lookout of lookouts) lookout.start();
  const open = serveOpenRequests(connection, fold);
  return {
    name: `router/${settings.instance}`,
    async stop() {
      await drain();
      router.stop();
      for (const lookout of lookouts) lookout.stop();
      open.stop();
      endings.stop();
      fill.stop();
      await fold.stop();
      await lanes.close();
      appender.close();
      await connection.drain();
    },
  };
}
