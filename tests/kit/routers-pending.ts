// How many messages the routers have in hand, or still before them, as the server counts them.

import type { TestNats } from "./start-nats.ts";

interface Consumers {
  account_details?: {
    stream_detail: { consumer_detail?: { name: string; num_ack_pending: number; num_pending: number }[] }[];
  }[];
}

/** Requests, failures and cancellations that no router has acknowledged. */
export async function routersPending({ monitorUrl }: TestNats): Promise<number> {
  const answer = await fetch(`${monitorUrl}/jsz?consumers=1`);
  const { account_details = [] } = (await answer.json()) as Consumers;
  return account_details
    .flatMap(({ stream_detail }) => stream_detail)
    .flatMap(({ consumer_detail = [] }) => consumer_detail)
    .filter(({ name }) => name.startsWith("work-router-"))
    .reduce((sum, { num_ack_pending, num_pending }) => sum + num_ack_pending + num_pending, 0);
}
