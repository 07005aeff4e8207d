// The whole system without pools, in this process, on a real server in a fresh home: for tests of requests that run
// in TypeScript. `crash` ends a part as if its process had died.

import { pino } from "pino";
import type { ProgramDeclaration } from "../../schemas/messages/program-event.ts";
import type { Part, PartSettings } from "../../services/bus/part.ts";
import { connect, type Dspex } from "../../services/client/mod.ts";
import { startGateway } from "../../services/gateway/main.ts";
import { startPipelines } from "../../services/pipelines/main.ts";
import type { NativeFunctions } from "../../services/programs/define.ts";
import { startPrograms } from "../../services/programs/main.ts";
import type { RouterConfig } from "../../services/router/config.ts";
import { startRouter } from "../../services/router/main.ts";
import { type StartNatsOptions, startNats, type TestNats } from "./start-nats.ts";

export interface SystemOptions extends StartNatsOptions {
  programs?: readonly ProgramDeclaration[];
  functions?: NativeFunctions;
  /** Module with the functions, for worker threads. */
  configPath?: string;
  routers?: number;
  router?: Partial<RouterConfig>;
  /** False: none in this process. */
  gateway?: boolean;
  /** Also the pipelines service. */
  pipelines?: boolean;
}

export interface TestSystem extends AsyncDisposable {
  readonly nats: TestNats;
  readonly routers: Part[];
  settings(role: string, instance?: number): PartSettings;
  client(user?: string): Promise<Dspex>;
}

/** `DSPEX_TEST_LOG=debug` shows what the parts say. */
const logger = pino({ level: process.env.DSPEX_TEST_LOG ?? "silent" }, pino.destination(2));

export async function startSystem(options: SystemOptions = {}): Promise<TestSystem> {
  const nats = await startNats(options);
  const parts: Part[] = [];
  const routers: Part[] = [];
  const clients: Dspex[] = [];
  const settings = (role: string, instance = 1): PartSettings => ({
    natsUrl: nats.url,
    role,
    password: nats.login(role).password,
    instance,
    logger: logger.child({ part: role, instance }),
  });
  parts.push(await startPrograms(settings("programs"), { declarations: options.programs ?? [] }));
  for (let instance = 1; instance <= (options.routers ?? 1); instance++) {
    routers.push(
      await startRouter(settings("router", instance), {
        functions: options.functions ?? new Map(),
        configPath: options.configPath ?? "",
        ...(options.router !== undefined && { config: options.router }),
      }),
    );
  }
  if (options.gateway !== false) parts.push(await startGateway(settings("gateway")));
  if (options.pipelines === true) parts.push(await startPipelines(settings("pipelines")));
  return {
    nats,
    routers,
    settings,
    async client(user = "local") {
      const { password } = nats.login(user);
      const client = await connect({ url: nats.url, user, password, failFast: true });
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(clients.map((client) => client.close()));
      await Promise.allSettled([...parts, ...routers].reverse().map((part) => part.stop()));
      await nats[Symbol.asyncDispose]();
    },
  };
}
