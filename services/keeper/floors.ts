// Finds what holds the head of the log back: the sequences in the names of the snapshots, and what consumers of
// work have not acknowledged, unless it is so old that its deadline has long settled it.

import { MAX_DEADLINE_MS } from "../../schemas/limits.ts";
import { LOG_STREAM, programRegistrations, snapshotBucket } from "../../schemas/subjects.ts";
import { bucketStream } from "../broker/mod.ts";
import type { ConsumerInfo, LogAdmin } from "../log/admin.ts";
import type { Floors } from "./cut.ts";

const REGISTRATIONS = programRegistrations();

/** Every request has its result by its deadline: twice the longest allows for clocks and late writers. */
const SETTLED_AFTER_MS = 2 * MAX_DEADLINE_MS;

export async function readFloors(
  admin: LogAdmin,
  services: readonly string[],
  lastSequence: number,
): Promise<Floors> {
  const [covered, consumers, settled, registered] = await Promise.all([
    Promise.all(services.map(async (service) => [service, await coveredBy(admin, service)] as const)),
    admin.consumers(LOG_STREAM),
    admin.sequenceAt(LOG_STREAM, new Date(Date.now() - SETTLED_AFTER_MS)),
    admin.lowestLast(LOG_STREAM, REGISTRATIONS),
  ]);
  return {
    covered: new Map(covered),
    // Workers learn programs from the log alone; the registry tells old registrations again, which moves this on.
    registrations: registered ?? lastSequence + 1,
    needed: Math.max(settled, neededBy(consumers, lastSequence)),
  };
}

async function coveredBy(admin: LogAdmin, service: string): Promise<number> {
  const bucket = snapshotBucket(service);
  const prefix = `$O.${bucket}.M.`;
  const subjects = await admin.subjects(bucketStream(bucket), `${prefix}>`);
  return Math.max(0, ...subjects.map((subject) => snapshotSequence(subject.slice(prefix.length))));
}

/** Snapshots are named `<evolve version>/<sequence>`; NATS spells an object's name in base64url. */
export function snapshotSequence(encodedName: string): number {
  const name = Buffer.from(encodedName, "base64url").toString();
  const sequence = Number(name.slice(name.lastIndexOf("/") + 1));
  return Number.isSafeInteger(sequence) && sequence > 0 ? sequence : 0;
}

/** The first sequence that some consumer of work has not acknowledged: requests that wait, work that runs. */
export function neededBy(consumers: readonly ConsumerInfo[], lastSequence: number): number {
  const open = consumers
    .filter(({ config }) => config.ack_policy === "explicit")
    .filter(({ num_pending, num_ack_pending }) => num_pending > 0 || num_ack_pending > 0)
    .map(({ num_ack_pending, ack_floor, delivered }) =>
      num_ack_pending > 0 ? ack_floor.stream_seq + 1 : delivered.stream_seq + 1,
    );
  return Math.min(lastSequence + 1, ...open);
}
