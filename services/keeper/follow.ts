// Makes a role's follower (`follow-<role>-<n>`) at a sequence, on request. The server lets a role ask under its own
// name only; the filters must lie within its row.

import * as z from "zod";
import { DspexError } from "../../schemas/errors.ts";
import { followConsumer, LOG_STREAM, LOG_SUBJECTS } from "../../schemas/subjects.ts";
import {
  inboxPrefixOf,
  isPattern,
  isRole,
  isWithin,
  MAX_FOLLOWERS,
  ROLE_ROWS,
  type Role,
} from "../broker/mod.ts";
import type { ConsumerInfo, LogAdmin } from "../log/admin.ts";

const requestSchema = z.strictObject({
  fromSequence: z.int().min(1),
  filters: z.array(z.string().refine(isPattern, "is no subject pattern")).min(1).max(32).optional(),
});

export interface FollowAnswer {
  consumer: ConsumerInfo;
  /** Of the log just before the consumer was made: below `firstSequence` nothing is left to read. */
  firstSequence: number;
  lastSequence: number;
}

const NANOS_PER_MS = 1_000_000;
/** A process that is gone asks no more; its follower costs the server something with each message until then. */
const INACTIVE_MS = 300_000;

export interface FollowRequest {
  role: Role;
  n: number;
  fromSequence: number;
  filters: readonly string[];
}

/** @throws DspexError `invalid_inputs` or `not_allowed`, quoting what was wrong. */
export function parseFollowRequest(subject: string, reply: string, body: unknown): FollowRequest {
  const [, , role = "", number = ""] = subject.split(".");
  const row = isRole(role) ? ROLE_ROWS[role].follow : undefined;
  if (!isRole(role) || row === undefined) {
    throw new DspexError("not_allowed", `role ${JSON.stringify(role)} has no followers`);
  }
  // A pool's reply comes from its own account, under a prefix that the server gives it.
  if (!reply.startsWith(`${inboxPrefixOf(role)}.`) && !reply.startsWith("_R_.")) {
    throw new DspexError("not_allowed", `reply ${JSON.stringify(reply)} is not an inbox of role ${role}`);
  }
  const n = Number(number);
  if (!/^\d{1,3}$/.test(number) || n >= MAX_FOLLOWERS) {
    throw new DspexError(
      "invalid_inputs",
      `follower ${JSON.stringify(number)} is not a number below ${MAX_FOLLOWERS}`,
    );
  }
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) throw new DspexError("invalid_inputs", z.prettifyError(parsed.error));
  const filters = parsed.data.filters ?? row;
  const outside = filters.find((filter) => !row.some((pattern) => isWithin(filter, pattern)));
  if (outside !== undefined) {
    throw new DspexError("not_allowed", `role ${role} may not follow ${JSON.stringify(outside)}`);
  }
  return { role, n, fromSequence: parsed.data.fromSequence, filters };
}

export async function makeFollower(admin: LogAdmin, request: FollowRequest): Promise<FollowAnswer> {
  const log = await admin.stream(LOG_STREAM);
  if (log === undefined) throw new DspexError("unavailable", `stream ${LOG_STREAM} is not there yet`);
  const everything = LOG_SUBJECTS.every((subject) => request.filters.includes(subject));
  const consumer = await admin.replaceConsumer(LOG_STREAM, {
    name: followConsumer(request.role, request.n),
    ack_policy: "none",
    deliver_policy: "by_start_sequence",
    opt_start_seq: request.fromSequence,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: INACTIVE_MS * NANOS_PER_MS,
    // A consumer without filters costs the server less than one whose filters match everything.
    ...(!everything && { filter_subjects: [...request.filters] }),
  });
  return { consumer, firstSequence: log.state.first_seq, lastSequence: log.state.last_seq };
}
