// Wires the TypeScript worker: definitions, adapters, work, beats.

import type { Models } from "../../schemas/config/models.ts";
import { VALUE_BUCKET } from "../../schemas/subjects.ts";
import { appenderOf } from "../bus/append.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { ClaimCheck } from "../log/claim-check.ts";
import { ObjectBucket } from "../log/objects.ts";
import { LogReader } from "../log/read.ts";
import { startBeats } from "./beats.ts";
import { consumeWork } from "./consume.ts";
import { Definitions } from "./definitions.ts";
import { modelCalls } from "./model-calls.ts";
import { NativeWorker } from "./worker.ts";

const POOL = "native";

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
  await definitions.start(connection, reader, role, instance);
  const name = { pool: POOL, worker: String(instance) };
  const parts = { connection, appender, reader, claimCheck, definitions, name, slots };
  const worker = new NativeWorker({
    ...parts,
    calls: modelCalls(models, definitions),
  });
  const drain = await consumeWork(connection, name, worker, slots, logger);
  const stopBeats = startBeats(connection, name, slots, () => ({
    busy: worker.busy,
    sequence: definitions.sequence,
  }));
  return {
    name: `native/${instance}`,
    async stop() {
      await drain();
      stopBeats();
      await definitions.stop();
      appender.close();
      await connection.drain();
    },
  };
}
