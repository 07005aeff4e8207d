// The embedded language model: a process beside the pools, so that none of them takes it along when it ends.

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { Logger } from "pino";
import { Companion } from "../supervisor/mod.ts";

export interface ModelServerSettings {
  port: number;
  python: string;
  packages: string;
  environment: Record<string, string>;
  logger: Logger;
}

/** A port of the loopback interface that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export function startModelServer(settings: ModelServerSettings): Companion {
  const { port, python, packages, environment, logger } = settings;
  return new Companion({
    name: "the embedded model",
    command: {
      executable: python,
      arguments: ["-m", "dspex_pool.neural.model_server", "--port", String(port)],
      environment: { ...environment, PYTHONPATH: packages, PYTHONUNBUFFERED: "1" },
    },
    healthUrl: `http://127.0.0.1:${port}/health`,
    logger: logger.child({ part: "model" }),
  }).start();
}
