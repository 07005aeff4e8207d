// Turns a role's row into the exact publish and subscribe patterns of its NATS user. Only allow lists: what is
// not listed is refused. Consumers are named one by one because a permission matches whole tokens.

import {
  ARTIFACT_BUCKET,
  CHUNK_STREAM,
  ERASE_SETUP_SUBJECT,
  LOG_STREAM,
  ROUTER_TIMERS_CONSUMER,
  SESSIONS_ERASED_FILTER,
  SETUP_INFO_SUBJECT,
  snapshotBucket,
  TIMER_STREAM,
  VALUE_BUCKET,
  workConsumer,
} from "../../schemas/subjects.ts";
import { apiWord } from "./api-words.ts";
import {
  inboxPrefixOf,
  MAX_FOLLOWERS,
  MAX_WORKERS,
  POOLS,
  type Pool,
  ROLE_ROWS,
  ROLES,
  type Role,
  SNAPSHOT_ROLES,
} from "./roles.ts";

export interface Permissions {
  publish: string[];
  subscribe: string[];
}

/** Replies to requests that came in from another account carry this unguessable prefix. */
const SERVICE_REPLIES = "_R_.>";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** The stream behind an object bucket. */
export function bucketStream(bucket: string): string {
  return `OBJ_${bucket}`;
}

/** `work-<role>-timers` on the timer stream. */
export function timersConsumer(role: Role): string {
  return role === "router" ? ROUTER_TIMERS_CONSUMER : `work-${role}-timers`;
}

/** Where the timers of a role's kinds come back. */
export function firedTimersOf(role: Role): string[] {
  return (ROLE_ROWS[role].timers ?? []).map((kind) => `dspex-timer.${kind}.*`);
}

/** All consumers of a pool: the shared one and one for each worker number. */
export function poolConsumers(pool: Pool): string[] {
  return [workConsumer(pool), ...numbers(MAX_WORKERS).map((worker) => workConsumer(pool, String(worker)))];
}

export function followerConsumers(role: Role): string[] {
  return numbers(MAX_FOLLOWERS).map((n) => `follow-${role}-${n}`);
}

const pull = (stream: string, name: string): string => `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`;
const ack = (stream: string, name: string): string => `$JS.ACK.${stream}.${name}.>`;
const readStream = (stream: string): string[] => [
  `$JS.API.DIRECT.GET.${stream}`,
  `$JS.API.DIRECT.GET.${stream}.>`,
];
const streamInfo = (stream: string): string => `$JS.API.STREAM.INFO.${stream}`;
const readBucket = (bucket: string): string[] => readStream(bucketStream(bucket));
const writeBucket = (bucket: string): string[] => [...readBucket(bucket), `$O.${bucket}.>`];

export function permissionsOf(role: Role): Permissions {
  const row = ROLE_ROWS[role];
  const publish: string[] = [...row.append, ...(row.publish ?? [])];
  const subscribe: string[] = [`${inboxPrefixOf(role)}.>`, ...(row.subscribe ?? [])];

  if (row.directGet === "everything") publish.push(...readStream(LOG_STREAM), streamInfo(LOG_STREAM));
  else for (const pattern of row.directGet ?? []) publish.push(`$JS.API.DIRECT.GET.${LOG_STREAM}.${pattern}`);

  if (row.follow !== undefined) {
    publish.push(`dspex-setup.follow.${role}.*`);
    publish.push(...followerConsumers(role).map((name) => pull(LOG_STREAM, name)));
  }
  for (const { stream, name } of row.consumers ?? []) {
    const streamName = stream === "log" ? LOG_STREAM : TIMER_STREAM;
    publish.push(pull(streamName, name), ack(streamName, name));
  }
  if (row.timers !== undefined) {
    publish.push(...row.timers.map((kind) => `dspex-schedule.${kind}.*`));
    publish.push(pull(TIMER_STREAM, timersConsumer(role)), ack(TIMER_STREAM, timersConsumer(role)));
  }
  if (row.pool !== undefined) {
    const pool = row.pool;
    for (const name of poolConsumers(pool)) publish.push(pull(LOG_STREAM, name), ack(LOG_STREAM, name));
    publish.push("dspex-chunk.*.*.*", `dspex-beat.${pool}.*`, `dspex-tool.${pool}.call.*`);
    subscribe.push(`dspex-control.${pool}.*`);
  }
  if (row.values !== undefined)
    publish.push(...(row.values === "write" ? writeBucket : readBucket)(VALUE_BUCKET));
  if (row.artifacts !== undefined)
    publish.push(...(row.artifacts === "write" ? writeBucket : readBucket)(ARTIFACT_BUCKET));
  if (row.snapshots === true) publish.push(...writeBucket(snapshotBucket(role)));

  if (row.serves !== undefined) {
    for (const word of row.serves) {
      const { subjects, admin } = apiWord(word);
      subscribe.push(...subjects.map((rest) => `dspex-api.*.${rest}`));
      if (admin === true) subscribe.push(...subjects.map((rest) => `dspex-admin.*.${rest}`));
    }
    subscribe.push("$SRV.>");
    publish.push(SERVICE_REPLIES);
  }
  if (row.answersAccounts === true) publish.push(SERVICE_REPLIES);
  publish.push(...(row.answers ?? []).map((asker) => `${inboxPrefixOf(asker)}.>`));

  if (role === "supervisor") {
    publish.push(...POOLS.flatMap(poolConsumers).map((name) => ack(LOG_STREAM, name)));
  }
  if (role === "gateway") publish.push(...readStream(CHUNK_STREAM));
  if (role === "operator") publish.push(...operatorExtras());
  if (role === "setup") {
    const setup = setupPermissions();
    publish.push(...setup.publish);
    subscribe.push(...setup.subscribe);
  }
  return { publish: [...new Set(publish)], subscribe: [...new Set(subscribe)] };
}

/**
 * The operator also sees snapshots, buckets and who serves; streams and consumers through `dspex-setup.info`, because
 * of the JetStream API only pulls and direct gets reach across accounts (its own account answers the rest).
 */
function operatorExtras(): string[] {
  return [
    ...SNAPSHOT_ROLES.flatMap((role) => readBucket(snapshotBucket(role))),
    ...[VALUE_BUCKET, ARTIFACT_BUCKET].flatMap(readBucket),
    // By sequence, in batches; by subject as its row says.
    `$JS.API.DIRECT.GET.${LOG_STREAM}`,
    "$SRV.PING",
    "$SRV.PING.>",
    "$SRV.INFO",
    "$SRV.INFO.>",
    "$SRV.STATS",
    "$SRV.STATS.>",
  ];
}

/**
 * Streams, consumers and buckets, and the head of the log; of its messages tombstones alone, whose bytes it erases; never
 * a whole stream gone.
 */
function setupPermissions(): Permissions {
  const buckets = [VALUE_BUCKET, ARTIFACT_BUCKET, ...SNAPSHOT_ROLES.map((role) => snapshotBucket(role))];
  const streams = [LOG_STREAM, TIMER_STREAM, CHUNK_STREAM, ...buckets.map(bucketStream)];
  return {
    publish: [
      "$JS.API.INFO",
      // So that the plain `nats` command, logged in as setup, can list what there is.
      "$JS.API.STREAM.NAMES",
      "$JS.API.STREAM.LIST",
      ...streams.flatMap((stream) => [
        `$JS.API.STREAM.CREATE.${stream}`,
        `$JS.API.STREAM.UPDATE.${stream}`,
        streamInfo(stream),
      ]),
      `$JS.API.STREAM.PURGE.${LOG_STREAM}`,
      ...[LOG_STREAM, bucketStream(VALUE_BUCKET)].map((stream) => `$JS.API.STREAM.MSG.DELETE.${stream}`),
      `$JS.API.DIRECT.GET.${LOG_STREAM}.${SESSIONS_ERASED_FILTER}`,
      ...[LOG_STREAM, TIMER_STREAM].flatMap((stream) => [
        // Which of the three a client uses depends on the consumer's filters and name.
        `$JS.API.CONSUMER.CREATE.${stream}`,
        `$JS.API.CONSUMER.CREATE.${stream}.>`,
        `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.*`,
        `$JS.API.CONSUMER.INFO.${stream}.*`,
        `$JS.API.CONSUMER.LIST.${stream}`,
        `$JS.API.CONSUMER.NAMES.${stream}`,
        `$JS.API.CONSUMER.DELETE.${stream}.*`,
      ]),
      SERVER_CONFIGURATION_SUBJECT,
      ...ROLES.map((role) => `${inboxPrefixOf(role)}.>`),
      SERVICE_REPLIES,
    ],
    subscribe: ["dspex-setup.follow.*.*", SETUP_INFO_SUBJECT, ERASE_SETUP_SUBJECT, `${PROBE_SUBJECT}.>`],
  };
}

/** Imported from the system account: each server answers with its JetStream configuration. */
export const SERVER_CONFIGURATION_SUBJECT = "dspex-server.jetstream";
/** Within `$SRV.>`, which every user account imports: who adds a user asks here whether its imports answer. */
export const PROBE_SUBJECT = "$SRV.PING.dspex-probe";
