// The router's two durable consumers: requests, and what follows from them (failures, cancellations). Two, so that a
// cancellation never waits behind requests.

import type { Logger } from "pino";
import { requestFields } from "../../observability/mod.ts";
import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { parseLogSubject, ROUTER_EVENTS_CONSUMER, ROUTER_REQUESTS_CONSUMER } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { type Delivery, WorkConsumer } from "../log/work.ts";
import type { RouterConfig } from "./config.ts";
import { deadLetter } from "./dead-letter.ts";
import { readIntake } from "./intake.ts";
import type { WiredRouter } from "./wire.ts";

const EVENTS_HELD = 1_000;
/** What takes longer to finish goes back to the server, for another router to take at once. */
const DRAIN_MS = 3_000;

/** Starts both; returns a function that drains them. */
export async function consume(
  connection: NatsConnection,
  { router, journal, reader }: WiredRouter,
  config: RouterConfig,
  logger: Logger,
): Promise<() => Promise<void>> {
  const common: Pick<
    ConstructorParameters<typeof WorkConsumer>[1],
    "ackWaitMs" | "maxDeliveries" | "onError" | "onDeadLetter"
  > = {
    ackWaitMs: config.ackWaitMs,
    maxDeliveries: config.maxDeliveries,
    onError: ({ message, code }, delivery) => {
      const { sequence, deliveries } = delivery;
      const fields = requestFields(requestIdOf(delivery), delivery.header(HEADER.traceparent));
      logger.warn({ ...fields, error: message, code, sequence, deliveries }, "delivery failed, comes again");
    },
    onDeadLetter: (delivery, error) => deadLetter({ journal, reader, delivery, error }),
  };
  const requests = await new WorkConsumer(connection, {
    ...common,
    consumer: ROUTER_REQUESTS_CONSUMER,
    maxHeld: config.maxHeld,
    handle: (delivery) => router.handleRequest(delivery),
  }).start();
  const events = await new WorkConsumer(connection, {
    ...common,
    consumer: ROUTER_EVENTS_CONSUMER,
    maxHeld: EVENTS_HELD,
    handle: (delivery) => router.handleEvent(delivery),
  }).start();
  return async () => {
    await Promise.all([requests.stop(DRAIN_MS), events.stop(DRAIN_MS)]);
  };
}

/** Of what could not be handled, so it may be anything. */
function requestIdOf(delivery: Delivery): string | undefined {
  const subject = parseLogSubject(delivery.subject);
  if (subject.kind === "request") return readIntake(subject.user, subject.program, delivery).id;
  try {
    return (delivery.json() as CloudEvent<{ id?: string }>).data.id;
  } catch {
    return undefined;
  }
}
