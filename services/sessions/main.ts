// Wires the sessions service: its fold, what it writes by itself, its timers, and what it answers.

import { snapshotBucket, VALUE_BUCKET } from "../../schemas/subjects.ts";
import { appenderOf } from "../bus/append.ts";
import { serve } from "../bus/micro-service.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import { type SessionsConfig, sessionsConfigSchema } from "./config.ts";
import { sessionEndpoints } from "./serve.ts";
import { SessionsShell } from "./shell.ts";

export interface SessionsOptions {
  config?: Partial<SessionsConfig>;
}

export async function startSessions(settings: PartSettings, options: SessionsOptions = {}): Promise<Part> {
  const { instance, logger } = settings;
  const config = sessionsConfigSchema.parse(options.config ?? {});
  const connection = await connectPart(settings);
  const appender = appenderOf(connection, settings);
  const reader = await LogReader.open(connection);
  const snapshots = await ObjectBucket.open(connection, appender, snapshotBucket("sessions"));
  const values = await ObjectBucket.open(connection, appender, VALUE_BUCKET);
  const shell = new SessionsShell({
    connection,
    appender,
    reader,
    snapshots,
    values,
    config,
    instance,
    logger,
  });
  await shell.start();
  const service = await serve(
    connection,
    { name: "dspex-sessions", version: VERSION, description: "conversations: context, turns, forks" },
    sessionEndpoints({ commands: shell.commands, fold: shell.fold, reader, config }),
  );
  // Who is told that it runs may ask at once.
  await connection.flush();
  return {
    name: `sessions/${instance}`,
    async stop() {
      await service.stop();
      await shell.stop();
      appender.close();
      await connection.drain();
    },
  };
}
