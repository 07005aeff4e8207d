// Opens what is there and creates what is not. What is there but differs is refused with every differing field;
// `adopt` changes it instead. Nothing is ever deleted.

import type { LogAdmin } from "../log/admin.ts";
import type { KeeperSettings } from "./config.ts";
import { type DesiredConsumer, desiredConsumers } from "./consumers.ts";
import { consumerDifferences, type Difference, streamDifferences } from "./differences.ts";
import { ConfigurationDiffers } from "./errors.ts";
import { type DesiredStream, desiredStreams } from "./streams.ts";

/** @throws ConfigurationDiffers before anything was changed or created. */
export async function openOrCreate(admin: LogAdmin, settings: KeeperSettings): Promise<void> {
  const differences = await findDifferences(admin, settings);
  if (differences.length > 0 && !settings.adopt) throw new ConfigurationDiffers(differences);
  const differing = new Set(differences.map(({ of }) => of));
  for (const stream of desiredStreams(settings)) {
    await openStream(admin, stream, differing.has(`stream ${stream.name}`));
  }
  for (const consumer of desiredConsumers(settings)) {
    await openConsumer(admin, consumer);
  }
}

/** What is there and not as relied on; what is missing is no difference. */
export async function findDifferences(admin: LogAdmin, settings: KeeperSettings): Promise<Difference[]> {
  const streams = desiredStreams(settings).map(async (desired) => {
    const live = await admin.stream(desired.name);
    return live === undefined ? [] : streamDifferences(desired, live.config);
  });
  const consumers = desiredConsumers(settings).map(async (desired) => {
    const live = await admin.consumer(desired.stream, desired.config.durable_name).catch(missingStream);
    if (live === undefined) return [];
    return consumerDifferences(desired, live.config).filter(({ field }) => !isSetting(desired, field));
  });
  return (await Promise.all([...streams, ...consumers])).flat();
}

async function openStream(admin: LogAdmin, desired: DesiredStream, differs: boolean): Promise<void> {
  const live = await admin.stream(desired.name);
  if (live === undefined) await admin.createStream(desired);
  else if (differs) await admin.updateStream(desired.name, { ...live.config, ...desired });
}

export async function openConsumer(admin: LogAdmin, desired: DesiredConsumer): Promise<void> {
  const { stream, config } = desired;
  const live = await admin.consumer(stream, config.durable_name);
  if (live === undefined) await admin.createConsumer(stream, config);
  else if (consumerDifferences(desired, live.config).length > 0) {
    await admin.updateConsumer(stream, config.durable_name, config);
  }
}

/** How much a pool holds at once follows its slots: a setting that may change from start to start. */
function isSetting({ config }: DesiredConsumer, field: string): boolean {
  return field === "max_ack_pending" && !config.durable_name.startsWith("work-router-");
}

const STREAM_NOT_FOUND = 10_059;

/** A consumer of a stream that is not there yet is not there either. */
function missingStream(error: unknown): undefined {
  if ((error as { code?: number }).code === STREAM_NOT_FOUND) return undefined;
  throw error;
}
