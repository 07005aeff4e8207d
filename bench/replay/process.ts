// A process that fills the log with requests and their results, or reads all of it: through the router's fold, or with
// a bare consumer that does nothing but parse.

// biome-ignore lint/style/noRestrictedImports: the bare consumer is measured without the door that it is compared with
import { type ConsumerInfo, jetstream } from "@nats-io/jetstream";
import { createLogger } from "../../observability/mod.ts";
import { followSetupSubject, requestSubject, resultSubject, snapshotBucket } from "../../schemas/subjects.ts";
import { Appender, appenderOf } from "../../services/bus/append.ts";
import { connectBus, type NatsConnection, roleInboxPrefix } from "../../services/bus/connect.ts";
import { ObjectBucket } from "../../services/log/objects.ts";
import { RouterFold } from "../../services/router/fold.ts";
import { serveParent } from "../kit/child-process.ts";
import { requestBody, requestId, resultBody, USER } from "../kit/fixtures.ts";
import { PAYLOAD_TEXT } from "../kit/payload.ts";

export interface ReplaySettings {
  url: string;
  router: { user: string; password: string };
  local: { user: string; password: string };
  /** Number of this reader's follower. */
  instance: number;
}

export interface Replayed {
  events: number;
  seconds: number;
  cpuMicros: number;
}

const AHEAD = 2_000;
const WINDOW = 2_048;

serveParent(async ({ url, router, local, instance }: ReplaySettings) => {
  const connection = await connectBus({
    url,
    ...router,
    name: "bench-replay",
    inboxPrefix: roleInboxPrefix("router"),
  });
  const appender = appenderOf(connection, { role: "router", instance });

  async function fold(): Promise<number> {
    const folded = new RouterFold({
      instance,
      logger: createLogger({ level: "warn" }),
      snapshots: await ObjectBucket.open(connection, appender, snapshotBucket("router")),
      snapshotEvery: Number.MAX_SAFE_INTEGER,
      onEvent: () => {},
    });
    await folded.start(connection);
    await folded.stop();
    if (folded.state.open.size > 0) throw new Error(`${folded.state.open.size} requests were left open`);
    return folded.position;
  }

  return {
    fill: (pairs: number) => fill(url, local, appender, pairs),
    fold: () => timed(fold),
    bare: () => timed(() => bare(connection, instance)),
    stop: () => connection.close(),
  };
});

async function timed(read: () => Promise<number>): Promise<Replayed> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const events = await read();
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { events, seconds, cpuMicros: (user + system) / events };
}

/** The same messages, each parsed by JSON.parse; returns the last sequence. */
async function bare(connection: NatsConnection, instance: number): Promise<number> {
  const answer = await connection.request(
    followSetupSubject("router", instance),
    JSON.stringify({ fromSequence: 1 }),
    { timeout: 5_000 },
  );
  const { consumer: info, lastSequence } = answer.json<{ consumer: ConsumerInfo; lastSequence: number }>();
  const consumer = jetstream(connection).consumers.getConsumerFromInfo(info);
  const done = Promise.withResolvers<void>();
  let bytes = 0;
  const messages = await consumer.consume({
    bind: true,
    max_messages: AHEAD,
    callback: (message) => {
      bytes += (JSON.parse(message.string()) as { id: string }).id.length;
      if (message.info.streamSequence >= lastSequence) done.resolve();
    },
  });
  await done.promise;
  messages.stop();
  if (bytes === 0) throw new Error("nothing was read");
  return lastSequence;
}

/** Requests as their user, results as the router, in the order of a system that answers at once. */
async function fill(
  url: string,
  local: ReplaySettings["local"],
  results: Appender,
  pairs: number,
): Promise<void> {
  const connection = await connectBus({ url, ...local, name: "bench-fill" });
  const requests = new Appender(connection, "_INBOX.bench-fill");
  for (let from = 1; from <= pairs; from += WINDOW) {
    const numbers = Array.from({ length: Math.min(WINDOW, pairs - from + 1) }, (_, at) => from + at);
    await Promise.all(
      numbers.map((n) => requests.append(requestSubject(USER, "echo"), requestBody(n, PAYLOAD_TEXT))),
    );
    await Promise.all(
      numbers.map((n) =>
        results.append(resultSubject(requestId(n)), resultBody(n, PAYLOAD_TEXT), { expectedLastSequence: 0 }),
      ),
    );
  }
  requests.close();
  await connection.drain();
}
