// What the server refuses, asked on a live connection: publish or subscribe everywhere, then see which were refused.
// The server answers in order, so after one round trip every refusal is known.

import { setImmediate } from "node:timers/promises";
import { createHeaders, type Msg, type MsgHdrs, type NatsConnection } from "../../services/bus/connect.ts";

interface Violation {
  operation?: string;
  subject?: string;
}

/** Subjects on which this connection may not publish. */
export async function refusedPublishes(
  connection: NatsConnection,
  subjects: readonly string[],
): Promise<Set<string>> {
  const refused = new Set<string>();
  // The iterator has it, its declared type does not.
  const statuses = connection.status() as ReturnType<NatsConnection["status"]> & { stop(): void };
  const reading = (async () => {
    for await (const status of statuses) {
      const { operation, subject } = ("error" in status ? status.error : {}) as Violation;
      if (operation === "publish" && subject !== undefined) refused.add(subject);
    }
  })();
  // No JSON: what is allowed is stored or refused by the API, and does no harm.
  for (const subject of subjects) connection.publish(subject, "!");
  await connection.flush();
  await setImmediate();
  statuses.stop();
  await reading;
  return refused;
}

/** Subjects to which this connection may not subscribe. */
export async function refusedSubscriptions(
  connection: NatsConnection,
  subjects: readonly string[],
): Promise<Set<string>> {
  const refused = new Set<string>();
  const subscriptions = subjects.map((subject) =>
    connection.subscribe(subject, {
      callback: (error) => {
        if (error !== null) refused.add(subject);
      },
    }),
  );
  await connection.flush();
  await setImmediate();
  for (const subscription of subscriptions) subscription.unsubscribe();
  return refused;
}

export function headersOf(values: Record<string, string>): MsgHdrs {
  const headers = createHeaders();
  for (const [name, value] of Object.entries(values)) headers.set(name, value);
  return headers;
}

/** Everything that this connection can see, from now on; `settle` waits for a round trip of sender and reader. */
export async function watch(connection: NatsConnection, subject: string) {
  const seen: Msg[] = [];
  const subscription = connection.subscribe(subject, {
    callback: (_error, message) => void seen.push(message),
  });
  await connection.flush();
  return {
    seen,
    async settle(sender: NatsConnection): Promise<Msg[]> {
      await sender.flush();
      await connection.flush();
      return seen;
    },
    stop: () => subscription.unsubscribe(),
  };
}

/** For an answer that must not come. */
export const SILENCE_MS = 400;

/** `no responders`, `timeout`, or what was answered. */
export async function ask(
  connection: NatsConnection,
  subject: string,
  body = "",
  headers?: Record<string, string>,
  timeout = 20_000,
): Promise<{ answer: Msg | undefined; failure: string | undefined }> {
  try {
    const options = { timeout, ...(headers !== undefined && { headers: headersOf(headers) }) };
    return { answer: await connection.request(subject, body, options), failure: undefined };
  } catch (error) {
    return { answer: undefined, failure: (error as Error).message };
  }
}

/** What a stream answers to a publish. */
export interface PubAck {
  seq?: number;
  duplicate?: boolean;
  error?: { err_code: number; description: string };
}

/** Publishes into a stream with these headers and returns what it says. */
export async function store(
  connection: NatsConnection,
  subject: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<PubAck> {
  return (await connection.request(subject, body, { timeout: 20_000, headers: headersOf(headers) })).json();
}
