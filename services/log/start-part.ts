// Starts a part that stands on the log: its connection, appender, reader and snapshots, and whatever it adds. What was
// started stops the other way round, also where the start fails half-way.

import { snapshotBucket } from "../../schemas/subjects.ts";
import { type Appender, appenderOf } from "../bus/append.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { connectPart, type Part, type PartSettings } from "../bus/part.ts";
import { ObjectBucket } from "./objects.ts";
import { LogReader } from "./read.ts";

export interface LogPart extends Pick<PartSettings, "role" | "instance" | "logger"> {
  connection: NatsConnection;
  appender: Appender;
  reader: LogReader;
  snapshots: ObjectBucket;
  /** Of its events: `<role>/<instance>`. */
  source: string;
  bucket(name: string): Promise<ObjectBucket>;
  /** Stopped when the part stops, what was added last first. */
  stopsWith(one: { stop(): void | Promise<void> }): void;
}

export async function startLogPart(
  settings: PartSettings,
  begin: (part: LogPart) => Promise<void>,
): Promise<Part> {
  const { role, instance, logger } = settings;
  const connection = await connectPart(settings);
  const stopping = new AsyncDisposableStack();
  stopping.defer(() => connection.drain());
  const source = `${role}/${instance}`;
  try {
    const appender = appenderOf(connection, settings);
    stopping.defer(() => appender.close());
    const bucket = (name: string) => ObjectBucket.open(connection, appender, name);
    const reader = await LogReader.open(connection);
    const snapshots = await bucket(snapshotBucket(role));
    const stopsWith = (one: { stop(): void | Promise<void> }) => stopping.defer(async () => one.stop());
    await begin({
      role,
      instance,
      logger,
      connection,
      appender,
      reader,
      snapshots,
      source,
      bucket,
      stopsWith,
    });
  } catch (error) {
    await stopping.disposeAsync();
    throw error;
  }
  return { name: source, stop: () => stopping.disposeAsync() };
}
