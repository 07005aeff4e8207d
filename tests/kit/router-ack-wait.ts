// Makes the server give a dead router's messages back sooner than after the 30 s that the contract has: for tests that
// cannot wait so long. The routers' `ackWaitMs` has to be the same.

import { LOG_STREAM, ROUTER_EVENTS_CONSUMER, ROUTER_REQUESTS_CONSUMER } from "../../schemas/subjects.ts";
import { LogAdmin } from "../../services/log/admin.ts";
import type { TestNats } from "./start-nats.ts";

const NANOS_PER_MS = 1_000_000;

export async function setRouterAckWait(nats: TestNats, ackWaitMs: number): Promise<void> {
  const admin = await LogAdmin.open(await nats.connectAs("setup"));
  for (const name of [ROUTER_REQUESTS_CONSUMER, ROUTER_EVENTS_CONSUMER]) {
    const info = await admin.consumer(LOG_STREAM, name);
    if (info === undefined) throw new Error(`no consumer ${name}`);
    await admin.updateConsumer(LOG_STREAM, name, { ...info.config, ack_wait: ackWaitMs * NANOS_PER_MS });
  }
}
