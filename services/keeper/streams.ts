// The streams and buckets that the code relies on, as pure data. The log has none of the features that would let
// whoever may publish a request erase, overwrite or block it by a header; timers, which need one, have a stream of
// their own that users cannot reach.

import {
  ARTIFACT_BUCKET,
  CHUNK_STREAM,
  CHUNK_SUBJECTS,
  LOG_STREAM,
  LOG_SUBJECTS,
  RESULT_REPUBLISH,
  snapshotBucket,
  TIMER_STREAM,
  TIMER_SUBJECTS,
  VALUE_BUCKET,
} from "../../schemas/subjects.ts";
import { bucketStream, SNAPSHOT_ROLES } from "../broker/mod.ts";
import type { StreamConfig } from "../log/admin.ts";
import type { KeeperSettings } from "./config.ts";

export type DesiredStream = Partial<StreamConfig> & { name: string };

const NANOS_PER_MS = 1_000_000;
/** The server's minimum: nobody sets `Nats-Msg-Id`, whose window is shared by all users. */
const DUPLICATE_WINDOW = 100 * NANOS_PER_MS;
const UNLIMITED = -1;

/** No header may erase, overwrite, expire, delay or hold back what others wrote. */
const NO_HEADER_POWERS = {
  allow_rollup_hdrs: false,
  allow_msg_ttl: false,
  allow_msg_schedules: false,
  allow_atomic: false,
  allow_batched: false,
  allow_msg_counter: false,
} satisfies Partial<StreamConfig>;

function base(settings: KeeperSettings) {
  return {
    retention: "limits",
    storage: "file",
    discard: "old",
    num_replicas: settings.replicas,
    max_msgs: UNLIMITED,
    max_msgs_per_subject: UNLIMITED,
    max_age: 0,
    duplicate_window: DUPLICATE_WINDOW,
    allow_direct: true,
    no_ack: false,
    sealed: false,
    deny_delete: false,
    deny_purge: false,
    ...NO_HEADER_POWERS,
  } as const satisfies Partial<StreamConfig>;
}

function log(settings: KeeperSettings): DesiredStream {
  return {
    ...base(settings),
    name: LOG_STREAM,
    description: "the log: requests, work, results, events",
    subjects: [...LOG_SUBJECTS],
    // A full log refuses: only the keeper cuts its head, after snapshots cover it.
    discard: "new",
    max_bytes: settings.logMaxBytes,
    max_age: settings.logMaxAgeMs * NANOS_PER_MS,
    republish: { src: RESULT_REPUBLISH.source, dest: RESULT_REPUBLISH.destination },
  };
}

/** A fired timer stays until the role of its kind has acknowledged it; a schedule until it fires. */
function timers(settings: KeeperSettings): DesiredStream {
  return {
    ...base(settings),
    name: TIMER_STREAM,
    description: "timers: schedules that the server fires",
    subjects: [...TIMER_SUBJECTS],
    retention: "workqueue",
    max_bytes: settings.timerMaxBytes,
    max_msgs_per_subject: 1,
    allow_msg_schedules: true,
    // Comes with schedules, the server insists.
    allow_rollup_hdrs: true,
  };
}

function chunks(settings: KeeperSettings): DesiredStream {
  return {
    ...base(settings),
    name: CHUNK_STREAM,
    description: "chunks of streamed outputs, for as long as somebody may read them",
    subjects: [...CHUNK_SUBJECTS],
    storage: "memory",
    max_bytes: settings.chunkMaxBytes,
    max_age: settings.chunkMaxAgeMs * NANOS_PER_MS,
  };
}

function bucket(settings: KeeperSettings, name: string, config: Partial<StreamConfig>): DesiredStream {
  return {
    ...base(settings),
    name: bucketStream(name),
    subjects: [`$O.${name}.C.>`, `$O.${name}.M.>`],
    ...config,
  };
}

export function desiredStreams(settings: KeeperSettings): DesiredStream[] {
  return [
    log(settings),
    timers(settings),
    chunks(settings),
    bucket(settings, VALUE_BUCKET, {
      description: "values too large for a message",
      max_bytes: settings.valueMaxBytes,
      max_age: settings.logMaxAgeMs * NANOS_PER_MS,
    }),
    bucket(settings, ARTIFACT_BUCKET, {
      description: "compiled programs",
      // A version may be asked for at any time: never dropped to make room.
      discard: "new",
      max_bytes: settings.artifactMaxBytes,
    }),
    ...SNAPSHOT_ROLES.map((role) =>
      bucket(settings, snapshotBucket(role), {
        description: `snapshots of ${role}`,
        // By size alone: with the head of the log cut, the last snapshot must outlive any idle time.
        max_bytes: settings.snapshotMaxBytes,
      }),
    ),
  ];
}
