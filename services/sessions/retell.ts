// The log forgets its head, by age and by size, and a session's context may have been set long ago: one that lies in
// the older half of what is left is told again, with the same version.

import type { Logger } from "pino";
import { sessionContextSetSchema, sessionForkedSchema } from "../../schemas/messages/session-event.ts";
import { isOld, logRange } from "../log/range.ts";
import type { LogReader, StoredMessage } from "../log/read.ts";
import { dataIn } from "./contents.ts";
import { decideRetell } from "./decide.ts";
import { namedIn } from "./event.ts";
import type { SessionsFold } from "./fold.ts";
import type { SessionJournal } from "./journal.ts";

/** Contexts told again in one go; the rest comes with the next. */
const AT_ONCE = 256;

export interface RetellOptions {
  fold: SessionsFold;
  journal: SessionJournal;
  reader: LogReader;
  logger: Logger;
}

/** Tells old contexts again; looks at the oldest alone. Resolves with how many there were. */
export async function retellOld({ fold, journal, reader, logger }: RetellOptions): Promise<number> {
  const range = await logRange(reader);
  if (range === undefined) return 0;
  let told = 0;
  for (const [sequence, key] of fold.state.contexts) {
    if (!isOld(sequence, range) || told >= AT_ONCE) break;
    told++;
    const isThere = await retell({ fold, journal, reader, logger }, key, sequence);
    if (isThere) continue;
    // Nothing can be done about it any more; it must not keep the others from being looked at.
    fold.state.contexts.delete(sequence);
    logger.warn({ session: key, sequence }, "context lost with the log's head");
  }
  return told;
}

/** Returns whether the context could still be read. */
export async function retell(
  { journal, reader }: RetellOptions,
  key: string,
  sequence: number,
): Promise<boolean> {
  const [user = "", session = ""] = key.split(".");
  const context = await readContext(reader, sequence);
  if (context === undefined) return false;
  await journal.execute(user, session, (now) => decideRetell(now, sequence, context));
  return true;
}

/** The context in the event at a sequence; undefined where there is none (any more). */
export async function readContext(
  reader: LogReader,
  sequence: number,
): Promise<Record<string, unknown> | undefined> {
  const stored = await reader.at(sequence);
  return stored === null ? undefined : contextIn(stored)?.context;
}

/** Events that tell a context: one that sets it, and a fork, which brings it along. */
export function contextIn(
  stored: StoredMessage,
): { context: Record<string, unknown> | undefined; version: number } | undefined {
  const verb = namedIn(stored.subject)?.verb;
  if (verb === "context-set") return sessionContextSetSchema.safeParse(dataIn(stored)).data;
  const forked = verb === "forked" ? sessionForkedSchema.safeParse(dataIn(stored)).data : undefined;
  return forked === undefined ? undefined : { context: forked.context, version: forked.contextVersion };
}
