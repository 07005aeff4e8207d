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

export async function readLog(nats: TestNats, n = 1): Promise<LogRecord[]> {
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
  await follower.stop();
  await connection.close();
  return records;
}

function parsed(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
}
