// Puts a router's parts together: the fold, what it may run here, what it writes.

import { snapshotBucket, VALUE_BUCKET } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { PartSettings } from "../bus/part.ts";
import { ClaimCheck } from "../log/claim-check.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import type { NativeFunctions } from "../programs/define.ts";
import type { RouterConfig } from "./config.ts";
import { DEFAULT_STRATEGY } from "./decide.ts";
import { RouterFold } from "./fold.ts";
import { InlineAttempt } from "./inline-attempt.ts";
import { Journal } from "./journal.ts";
import { NativeRunner } from "./native-functions.ts";
import { NativeLanes } from "./native-lanes.ts";
import { Router } from "./router.ts";

export interface WiredRouter {
  router: Router;
  fold: RouterFold;
  journal: Journal;
  reader: LogReader;
  lanes: NativeLanes;
}

export interface WireOptions {
  config: RouterConfig;
  functions: NativeFunctions;
  configPath: string;
}

export async function wireRouter(
  settings: PartSettings,
  connection: NatsConnection,
  appender: Appender,
  { config, functions, configPath }: WireOptions,
): Promise<WiredRouter> {
  const { logger, instance } = settings;
  const reader = await LogReader.open(connection);
  const claimCheck = new ClaimCheck(await ObjectBucket.open(connection, appender, VALUE_BUCKET));
  const journal = new Journal(appender, `router/${instance}`);
  const lanes = new NativeLanes(configPath, config.nativeThreads);
  const runner = new NativeRunner(functions, lanes, (program, implementation, blockedMs) =>
    logger.warn(
      { program, implementation, blockedMs },
      "inline function held the router; declare it without inline",
    ),
  );
  const fold: RouterFold = new RouterFold({
    instance,
    logger,
    snapshots: await ObjectBucket.open(connection, appender, snapshotBucket("router")),
    snapshotEvery: config.snapshotEvery,
    onEvent: (event, closed) => router.onEvent(event, closed),
  });
  const router = new Router({
    connection,
    fold,
    journal,
    reader,
    claimCheck,
    inline: new InlineAttempt(runner, claimCheck, String(instance), config.nativeTimeoutMs),
    abilities: { strategy: DEFAULT_STRATEGY, hasFunction: (program, name) => runner.has(program, name) },
    config,
    logger,
  });
  return { router, fold, journal, reader, lanes };
}
