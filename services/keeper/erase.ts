// Overwrites the bytes of messages that the last tombstone of a session names, on request of the sessions service. The
// tombstone is the one kind of message that the keeper reads: nothing is deleted that the log itself does not name.

import { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";
import { tokenSchema } from "../../schemas/messages/parts.ts";
import { sessionErasedSchema } from "../../schemas/messages/session-event.ts";
import { LOG_STREAM, sessionEventSubject, VALUE_BUCKET } from "../../schemas/subjects.ts";
import { bucketStream, inboxPrefixOf } from "../broker/mod.ts";
import type { LogAdmin } from "../log/admin.ts";
import type { LogReader } from "../log/read.ts";

const requestSchema = z.strictObject({ user: tokenSchema, session: tokenSchema });
const AT_ONCE = 64;

export interface EraseAnswer {
  /** That are gone; what was gone before counts. */
  messages: number;
}

/** @throws DspexError `invalid_inputs`, `not_allowed`, `not_found` where there is no tombstone to execute. */
export async function erase(
  admin: LogAdmin,
  reader: LogReader,
  reply: string,
  body: unknown,
): Promise<EraseAnswer> {
  if (!reply.startsWith(`${inboxPrefixOf("sessions")}.`))
    throw new DspexError("not_allowed", `reply ${JSON.stringify(reply)} is not an inbox of role sessions`);
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) throw new DspexError("invalid_inputs", z.prettifyError(parsed.error));
  const { user, session } = parsed.data;
  const stored = await reader.last(sessionEventSubject(user, session, "erased"));
  const data = stored === null ? undefined : (stored.json() as { data?: unknown } | null)?.data;
  const tombstone = sessionErasedSchema.safeParse(data).data;
  if (
    stored === null ||
    tombstone?.status !== "begun" ||
    tombstone.session !== session ||
    tombstone.user !== user
  )
    throw new DspexError("not_found", `no tombstone of session ${user}.${session} to execute`);
  // What came after it nobody can have meant.
  const log = tombstone.log.filter((sequence) => sequence < stored.sequence);
  await deleteAll(admin, LOG_STREAM, log);
  await deleteAll(admin, bucketStream(VALUE_BUCKET), tombstone.values);
  return { messages: log.length + tombstone.values.length };
}

async function deleteAll(admin: LogAdmin, stream: string, sequences: readonly number[]): Promise<void> {
  for (let at = 0; at < sequences.length; at += AT_ONCE) {
    const some = sequences.slice(at, at + AT_ONCE);
    await Promise.all(some.map((sequence) => admin.eraseMessage(stream, sequence)));
  }
}
