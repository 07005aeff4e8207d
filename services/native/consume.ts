// The native pool's durable consumers: work for anybody, and work for this worker.

import type { Logger } from "pino";
import { requestFields } from "../../observability/mod.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { workConsumer } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { type Delivery, WorkConsumer } from "../log/work.ts";
import type { WorkerName } from "./outcome-message.ts";
import type { NativeWorker } from "./worker.ts";

const ACK_WAIT_MS = 5_000;
const MAX_DELIVERIES = 5;

/** Starts them; returns a function that drains them. */
export async function consumeWork(
  connection: NatsConnection,
  { pool, worker: number }: WorkerName,
  worker: NativeWorker,
  slots: number,
  logger: Logger,
): Promise<() => Promise<void>> {
  const consumers = [workConsumer(pool), workConsumer(pool, number)];
  const started = await Promise.all(
    consumers.map((consumer) =>
      new WorkConsumer(connection, {
        consumer,
        maxHeld: slots,
        ackWaitMs: ACK_WAIT_MS,
        maxDeliveries: MAX_DELIVERIES,
        handle: (delivery) => worker.handle(delivery),
        // The router keeps dead letters; a worker tells it that this attempt has failed for good.
        onDeadLetter: (delivery, error) => {
          const lost =
            error ??
            new DspexError("worker_lost", "delivered too often; whoever had it ended without a word");
          return worker.fail((delivery.json() as CloudEvent<Work>).data, delivery, lost);
        },
        onError: ({ message, code }, delivery) => {
          const { sequence, deliveries } = delivery;
          const fields = requestFields(requestIdOf(delivery), delivery.header(HEADER.traceparent));
          logger.warn({ ...fields, error: message, code, sequence, deliveries }, "work failed, comes again");
        },
      }).start(),
    ),
  );
  return async () => {
    await Promise.all(started.map((consumer) => consumer.stop()));
  };
}

/** Of what could not be handled, so it may be anything. */
function requestIdOf(delivery: Delivery): string | undefined {
  try {
    return (delivery.json() as CloudEvent<Partial<Work>>).data.id;
  } catch {
    return undefined;
  }
}
