// Idle sessions end by timers of the log's neighbour stream, one for each open session: when it fires the fold says
// whether the session was idle all the time, and if not the timer is set again for when that could be. So a turn costs
// no timer, and nothing ever looks through all sessions.

import { createHash } from "node:crypto";
import type { Logger } from "pino";
import { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";
import { tokenSchema } from "../../schemas/messages/parts.ts";
import { ANY_SUBJECT, TIMER_STREAM } from "../../schemas/subjects.ts";
import { timersConsumer } from "../broker/mod.ts";
import type { Appender } from "../bus/append.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { LogReader } from "../log/read.ts";
import { setTimer } from "../log/timers.ts";
import { type Delivery, WorkConsumer } from "../log/work.ts";
import type { SessionsConfig } from "./config.ts";
import { decideExpiry, decideKept, type Name, ttlOf } from "./decide.ts";
import type { SessionsFold } from "./fold.ts";
import type { SessionJournal } from "./journal.ts";
import { findSession } from "./state.ts";

const KIND = "session";
const HELD = 256;
/** As the keeper made the consumer. */
const ACK_WAIT_MS = 30_000;
const timerSchema = z.object({ user: tokenSchema, session: tokenSchema });

/** Sets or moves the timer of a session. */
export function setSessionTimer(appender: Appender, { user, session }: Name, atMs: number): Promise<void> {
  // Both names together may be longer than one token.
  const key = createHash("sha256").update(`${user}.${session}`).digest("base64url");
  return setTimer(appender, KIND, key, atMs, { user, session });
}

export interface TimersOptions {
  fold: SessionsFold;
  journal: SessionJournal;
  reader: LogReader;
  appender: Appender;
  config: SessionsConfig;
  logger: Logger;
}

/** Takes fired timers until `stop`. */
export function takeTimers(connection: NatsConnection, options: TimersOptions): Promise<WorkConsumer> {
  const { config, logger } = options;
  return new WorkConsumer(connection, {
    stream: TIMER_STREAM,
    consumer: timersConsumer("sessions"),
    maxHeld: HELD,
    ackWaitMs: ACK_WAIT_MS,
    maxDeliveries: config.maxDeliveries,
    handle: (delivery) => fired(options, delivery),
    onDeadLetter: async ({ subject, sequence }, error) =>
      logger.error({ subject, sequence, error: error?.message }, "timer given up"),
    onError: ({ message }, { subject }) =>
      logger.warn({ subject, error: message }, "timer not handled, comes again"),
  }).start();
}

async function fired(
  { fold, journal, reader, appender, config }: TimersOptions,
  delivery: Delivery,
): Promise<void> {
  const parsed = timerSchema.safeParse(delivery.json());
  if (!parsed.success) throw new DspexError("invalid_inputs", "a timer that is none of ours");
  const { user, session } = parsed.data;
  await fold.passed((await reader.last(ANY_SUBJECT))?.sequence ?? 0);
  const again: { atMs: number | undefined } = { atMs: undefined };
  await journal.execute(user, session, (now) => {
    again.atMs = undefined;
    const decided = decideExpiry(now, delivery.timeMs, config);
    if (decided === undefined) return undefined;
    if ("append" in decided) return decided.append;
    again.atMs = decided.againAtMs;
    return undefined;
  });
  const kept = again.atMs === undefined ? findSession(fold.state, user, session) : undefined;
  const isKept = kept?.status === "open";
  if (isKept) await journal.execute(user, session, (now) => decideKept(now, config));
  const atMs = isKept ? delivery.timeMs + ttlOf(kept, config) : again.atMs;
  if (atMs !== undefined) await setSessionTimer(appender, { user, session }, atMs);
}
