// The floor's worker process: takes requests from a durable pull consumer, answers each, and acknowledges it only when
// the answer is stored. May also follow the whole stream, as any service that keeps a fold of the log must.

// biome-ignore lint/style/noRestrictedImports: the floor is measured without the doors that it is compared with
import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
// biome-ignore lint/style/noRestrictedImports: the floor is measured without the doors that it is compared with
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { serveParent } from "../kit/child-process.ts";
import {
  connectFloor,
  type FloorRequest,
  type FloorResult,
  type FloorSettings,
  firstOnly,
  LIVE_PREFIX,
  RawPublisher,
  REQUEST_SUBJECT,
  RESULT_PREFIX,
  STREAM,
  WORKER,
} from "./wire.ts";

const NANOS_PER_S = 1_000_000_000;
const AHEAD = 2_000;

serveParent(async (settings: FloorSettings) => {
  const connection = await connectFloor(settings);
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: STREAM,
    subjects: [REQUEST_SUBJECT, `${RESULT_PREFIX}>`],
    duplicate_window: NANOS_PER_S / 10,
    allow_direct: true,
    republish: { src: `${RESULT_PREFIX}>`, dest: `${LIVE_PREFIX}>` },
  });
  await manager.consumers.add(STREAM, {
    durable_name: WORKER,
    filter_subject: REQUEST_SUBJECT,
    ack_policy: "explicit",
    ack_wait: 30 * NANOS_PER_S,
    max_ack_pending: 20_000,
  });
  const results = new RawPublisher(connection, "_INBOX.floor-worker");
  const consumer = await jetstream(connection).consumers.get(STREAM, WORKER);
  let padding = "";
  const answer = (message: JsMsg): void => {
    const { id, text } = message.json<FloorRequest>();
    const result: FloorResult = { id, echo: text, ...(padding !== "" && { padding }) };
    results.publish(
      RESULT_PREFIX + id,
      JSON.stringify(result),
      (error) => {
        if (error === undefined) message.ack();
        else message.nak();
      },
      firstOnly(),
    );
  };
  await consumer.consume({ max_messages: AHEAD, callback: answer });

  let follower: { consumer: Consumer; messages: ConsumerMessages } | undefined;
  let seen = 0;
  return {
    /** Starts or ends a follower that parses every message; returns how many it has seen. */
    follow: async (wanted: boolean) => {
      follower?.messages.stop();
      // Left alone it would go on costing the server something with each message.
      await follower?.consumer.delete();
      follower = undefined;
      if (!wanted) return seen;
      const { name } = await manager.consumers.add(STREAM, {
        ack_policy: "none",
        deliver_policy: "new",
        mem_storage: true,
        inactive_threshold: 60 * NANOS_PER_S,
      });
      const following = await jetstream(connection).consumers.get(STREAM, name);
      const messages = await following.consume({
        max_messages: AHEAD,
        callback: (message) => {
          if (message.json<{ id: string }>().id !== "") seen++;
        },
      });
      follower = { consumer: following, messages };
      return seen;
    },
    pad: (bytes: number) => {
      padding = "x".repeat(bytes);
    },
    stop: () => connection.drain(),
  };
});
