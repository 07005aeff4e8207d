// The durable consumers that the code relies on, as pure data: pull only, explicit acknowledgement, names from a
// fixed set. Followers are not among them: they are made on request, at a sequence.

import {
  ATTEMPT_FAILED_SUBJECT,
  LOG_STREAM,
  LOG_SUBJECTS,
  ROUTER_EVENTS_CONSUMER,
  ROUTER_REQUESTS_CONSUMER,
  requestEventSubject,
  TIMER_STREAM,
  workConsumer,
  workSubject,
} from "../../schemas/subjects.ts";
import { firedTimersOf, POOLS, type Pool, type Role, TIMER_ROLES, timersConsumer } from "../broker/mod.ts";
import type { ConsumerConfig } from "../log/admin.ts";
import type { KeeperSettings } from "./config.ts";

export interface DesiredConsumer {
  stream: string;
  config: Partial<ConsumerConfig> & { durable_name: string; filter_subjects: string[] };
}

const [ALL_REQUESTS] = LOG_SUBJECTS;
const NANOS_PER_MS = 1_000_000;
const ROUTER_ACK_WAIT_MS = 30_000;
const WORKER_ACK_WAIT_MS = 5_000;
/** Above all bounds of what routers hold together (10,000 waiting and what is in flight). */
const ROUTER_MAX_ACK_PENDING = 20_000;
const TIMERS_MAX_ACK_PENDING = 1_000;
/** A pool has at most this many times its slots without result or failure. */
const WORK_PER_SLOT = 2;

function durable(
  stream: string,
  name: string,
  filters: string[],
  ackWaitMs: number,
  maxAckPending: number,
): DesiredConsumer {
  return {
    stream,
    config: {
      durable_name: name,
      filter_subjects: filters,
      ack_policy: "explicit",
      deliver_policy: "all",
      replay_policy: "instant",
      ack_wait: ackWaitMs * NANOS_PER_MS,
      // For ever: what cannot be handled is dead-lettered by who takes it, never dropped by the server.
      max_deliver: -1,
      max_ack_pending: maxAckPending,
      headers_only: false,
      mem_storage: false,
      inactive_threshold: 0,
    },
  };
}

function routerConsumers(): DesiredConsumer[] {
  const [wait, pending] = [ROUTER_ACK_WAIT_MS, ROUTER_MAX_ACK_PENDING];
  return [
    durable(LOG_STREAM, ROUTER_REQUESTS_CONSUMER, [ALL_REQUESTS], wait, pending),
    // Of its own, so that failures and cancels never wait behind requests.
    durable(
      LOG_STREAM,
      ROUTER_EVENTS_CONSUMER,
      [ATTEMPT_FAILED_SUBJECT, requestEventSubject("cancel-requested")],
      wait,
      pending,
    ),
  ];
}

function timersOf(role: Role): DesiredConsumer {
  const filters = firedTimersOf(role);
  return durable(TIMER_STREAM, timersConsumer(role), filters, ROUTER_ACK_WAIT_MS, TIMERS_MAX_ACK_PENDING);
}

/** Of a pool: what whoever is free takes, and what each of its workers takes alone. */
export function poolConsumers(
  pool: Pool,
  { workers, slots }: { workers: number; slots: number },
): DesiredConsumer[] {
  const consumer = (worker: string, pending: number) =>
    durable(LOG_STREAM, workConsumer(pool, worker), [workSubject(pool, worker)], WORKER_ACK_WAIT_MS, pending);
  return [
    consumer("any", WORK_PER_SLOT * slots * Math.max(workers, 1)),
    ...Array.from({ length: workers }, (_, n) => consumer(String(n), WORK_PER_SLOT * slots)),
  ];
}

export function desiredConsumers(settings: KeeperSettings): DesiredConsumer[] {
  return [
    ...routerConsumers(),
    ...TIMER_ROLES.map(timersOf),
    ...POOLS.flatMap((pool) => poolConsumers(pool, settings.pools[pool])),
  ];
}
