// Wires the TypeScript worker: definitions, adapters, work, beats.

import { randomUUID } from "node:crypto";
import type { Models } from "../../schemas/config/models.ts";
import type { Beat } from "../../schemas/messages/beat.ts";
import { beatSubject, VALUE_BUCKET, workConsumer } from "../../schemas/subjects.ts";
import { appenderOf } from "../bus/append.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { ClaimCheck } from "../log/claim-check.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { consumeWork } from "./consume.ts";
import { Definitions } from "./definitions.ts";
import { modelCalls } from "./model-calls.ts";
import { NativeWorker } from "./worker.ts";

const POOL = "native";
const BEAT_MS = 1_000;

export interface NativeOptions {
  models: Models | undefined;
  /** Model calls at once. */
  slots: number;
}

export async function startNative(settings: PartSettings, { models, slots }: NativeOptions): Promise<Part> {
  const { logger, role, instance } = settings;
  const connection = await connectPart(settings);
  const appender = appenderOf(connection, settings);
  const reader = await LogReader.open(connection);
  const claimCheck = new ClaimCheck(await ObjectBucket.open(connection, appender, VALUE_BUCKET));
  const definitions = new Definitions(logger);
  await definitions.start(connection, role, instance);
  const name = { pool: POOL, worker: String(instance) };
  const calls = modelCalls(models);
  const chunks = new ChunkWriter(appender);
  const worker = new NativeWorker({
    connection,
    appender,
    reader,
    claimCheck,
    definitions,
    calls,
    chunks,
    name,
    slots,
    logger,
  });
  const drain = await consumeWork(
    connection,
    [workConsumer(POOL), workConsumer(POOL, name.worker)],
    worker,
    slots,
    logger,
  );
  const incarnation = randomUUID();
  const beats = setInterval(() => {
    const { sequence } = definitions;
    const beat: Beat = {
      ...name,
      incarnation,
      slots,
      busy: worker.busy,
      rssBytes: process.memoryUsage.rss(),
      sequence,
    };
    connection.publish(beatSubject(POOL, name.worker), JSON.stringify(beat));
  }, BEAT_MS).unref();
  return {
    name: `native/${instance}`,
    async stop() {
      await drain();
      clearInterval(beats);
      await definitions.stop();
      appender.close();
      await connection.drain();
    },
  };
}
