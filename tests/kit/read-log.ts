// The whole log as a stranger with the operator's rights sees it: by a follower, from the first message to the last.

import { follow } from "../../services/log/follow.ts";
import type { TestNats } from "./start-nats.ts";

export interface LogRecord {
  sequence: number;
  timeMs: number;
  subject: string;
  header: (name: string) => string | undefined;
  data: Uint8Array;
  /** The body where it is JSON by JSON.parse, else undefined. */
  body: unknown;
}

/** The log as it is now. */
export async function readLog(nats: TestNats): Promise<LogRecord[]> {
  await using log = await openLog(nats);
  return log.records;
}

/** The log until now, and then as it grows. */
export async function openLog(nats: TestNats, n = 1): Promise<AsyncDisposable & { records: LogRecord[] }> {
  const connection = await nats.connectAs("operator");
  const records: LogRecord[] = [];
  const follower = await follow(connection, {
    role: "operator",
    n,
    fromSequence: 1,
    onMessage: (message) => {
      records.push({
        sequence: message.sequence,
        timeMs: message.timeMs,
        subject: message.subject,
        header: (name) => message.header(name),
        data: message.data,
        body: parsed(message.data),
      });
    },
  });
  await follower.caughtUp;
  return {
    records,
    async [Symbol.asyncDispose]() {
      await follower.stop();
      await connection.close();
    },
  };
}

function parsed(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
}
