// Starts the supervisor as a part: its connection, its processes, and the way to stop both.

import { appenderOf } from "../bus/append.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import type { SupervisorConfig } from "./config.ts";
import { Supervisor } from "./supervise.ts";

export interface SupervisorPart extends Part {
  readonly supervisor: Supervisor;
}

/** Returns when the server is reached; `supervisor.ready` tells when every worker takes work. */
export async function startSupervisor(
  settings: PartSettings,
  config: SupervisorConfig,
): Promise<SupervisorPart> {
  const connection = connectPart(settings);
  const supervisor = new Supervisor({
    natsUrl: settings.natsUrl,
    connection,
    config,
    source: `supervisor/${settings.instance}`,
    appender: (bus) => appenderOf(bus, settings),
    logger: settings.logger,
  });
  await supervisor.start();
  return {
    name: "supervisor",
    supervisor,
    async stop() {
      await supervisor.stop();
      await (await connection).drain();
    },
  };
}
