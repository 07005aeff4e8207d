// Wires the pipelines service: fold, runs, timers and their part of the API.

import { snapshotBucket, VALUE_BUCKET } from "../../schemas/subjects.ts";
import { appenderOf } from "../bus/append.ts";
import { serve } from "../bus/micro-service.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { VERSION } from "../bus/version.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import { type PipelinesConfig, pipelinesConfigSchema } from "./config.ts";
import { pipelineEndpoints } from "./serve.ts";
import { PipelinesShell } from "./shell.ts";

export interface PipelinesOptions {
  config?: Partial<PipelinesConfig>;
}

export async function startPipelines(settings: PartSettings, options: PipelinesOptions = {}): Promise<Part> {
  const { instance, logger } = settings;
  const config = pipelinesConfigSchema.parse(options.config ?? {});
  const connection = await connectPart(settings);
  const appender = appenderOf(connection, settings);
  const reader = await LogReader.open(connection);
  const snapshots = await ObjectBucket.open(connection, appender, snapshotBucket("pipelines"));
  const values = await ObjectBucket.open(connection, appender, VALUE_BUCKET);
  const shell = new PipelinesShell({
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
    { name: "dspex-pipelines", version: VERSION, description: "pipelines: definitions and runs" },
    pipelineEndpoints({ commands: shell.commands, fold: shell.fold, reader }),
  );
  return {
    name: `pipelines/${instance}`,
    async stop() {
      await service.stop();
      await shell.stop();
      appender.close();
      await connection.drain();
    },
  };
}
