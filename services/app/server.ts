// The embedded server for as long as everything runs: one that ends by itself is started again on the same port and
// home, and the parts find it again by themselves.

import type { Logger } from "pino";
import { type EmbeddedServer, startEmbeddedServer } from "../broker/mod.ts";

export interface KeptServer {
  readonly url: string;
  /** Rejects when it cannot be started again. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
  kill(): void;
}

const RESTARTS = 5;
const FIRST_PAUSE_MS = 100;

export async function keepServer(
  options: { home: string; port: number; syncInterval: string },
  logger: Logger,
): Promise<KeptServer> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  let server = await startEmbeddedServer(options);
  const port = Number(new URL(server.url).port);
  let stopping = false;

  const watch = async (watched: EmbeddedServer): Promise<void> => {
    const { code, signal } = await watched.exited;
    if (stopping) return;
    logger.error({ code, signal }, "the server ended and is started again");
    for (let n = 0; n < RESTARTS && !stopping; n++) {
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** n));
      try {
        server = await startEmbeddedServer({ ...options, port });
        void watch(server);
        return;
      } catch (error) {
        logger.error({ err: error }, "the server does not start");
        if (n === RESTARTS - 1) failed.reject(error);
      }
    }
  };
  void watch(server);

  return {
    url: server.url,
    failed: failed.promise,
    async stop() {
      stopping = true;
      await server.stop();
    },
    kill() {
      stopping = true;
      try {
        process.kill(server.pid, "SIGKILL");
      } catch {
        // it is gone already
      }
    },
  };
}
