// Durable timers: a message to `dspex-schedule.<kind>.<key>` that the server turns into `dspex-timer.<kind>.<key>` at
// a whole second. The same key again moves the timer. Nobody cancels: who gets one asks its fold whether it counts.

import { scheduleSubject, timerSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import { createHeaders } from "../bus/connect.ts";

/**
 * Sets (or moves) a timer.
 * @param atMs when, ms since 1970; rounded up to the next whole second, because the server fires at those.
 * @param data travels with the timer.
 */
export async function setTimer(
  appender: Appender,
  kind: string,
  key: string,
  atMs: number,
  data: unknown,
): Promise<void> {
  const headers = createHeaders();
  headers.set("Nats-Schedule", `@at ${new Date(Math.ceil(atMs / 1_000) * 1_000).toISOString()}`);
  headers.set("Nats-Schedule-Target", timerSubject(kind, key));
  await appender.append(scheduleSubject(kind, key), JSON.stringify(data), { headers });
}

/** Kind and key of a fired timer's subject; undefined for any other subject. */
export function parseTimerSubject(subject: string): { kind: string; key: string } | undefined {
  const [prefix, kind, key, ...rest] = subject.split(".");
  if (prefix !== "dspex-timer" || kind === undefined || key === undefined || rest.length > 0)
    return undefined;
  return { kind, key };
}
