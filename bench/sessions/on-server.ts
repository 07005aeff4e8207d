// The whole service on a real server: sessions that nobody opened before, one turn each, and what is left to do when it
// starts again.

import { readFileSync } from "node:fs";
import { SESSION_EVENTS_FILTER as EVENTS } from "../../schemas/subjects.ts";
import type { LogReader } from "../../services/log/read.ts";
import { requestMessage, resultMessage } from "../../tests/kit/session-log.ts";
import { SessionsStage } from "../../tests/kit/sessions-stage.ts";
import { until } from "../../tests/kit/until.ts";

export interface OnServer {
  /** Turns that the service writes in a second: it opens the session, sets its timer, and adds the turn. */
  turnsPerSecond: number;
  rssBytes: number;
  /** From its start until it answers, with a snapshot. */
  startMs: number;
  /** One `session.get` of one of them, with all open. */
  getMs: number;
}

const WAIT_MS = 600_000;
const QUIET_MS = 1_000;
const PAGE_BYTES = 4_096;

export async function onServer(sessions: number): Promise<OnServer> {
  await using stage = await SessionsStage.start();
  const { gateway, router, reader } = stage;
  const write = async (n: number): Promise<void> => {
    const id = `ann.c.${n + 1}`;
    const session = `session-${n}`;
    const request = await stage.write(gateway, requestMessage(id, session, { question: id }));
    const log = { request, work: [], failures: [] };
    await stage.write(router, resultMessage(id, { session, outputs: { answer: id }, log }));
  };
  for (let at = 0; at < sessions; at += 1_000)
    await Promise.all(Array.from({ length: Math.min(1_000, sessions - at) }, (_, i) => write(at + i)));

  const service = await stage.service(1, { snapshotEvery: Math.max(1_000, sessions) });
  await until(() => isQuiet(reader), WAIT_MS);
  const [first, last] = await Promise.all([reader.next(EVENTS, 1), reader.last(EVENTS)]);
  // By the log's clock.
  const seconds = ((last?.timeMs ?? 0) - (first?.timeMs ?? 0)) / 1_000;
  const pages = Number(readFileSync(`/proc/${service.pid}/statm`, "utf8").split(" ")[1]);

  const timesMs: number[] = [];
  for (let n = 0; n < 50; n++) {
    const askedAt = performance.now();
    await stage.ask("get", { session: `session-${(n * 7_919) % sessions}` });
    timesMs.push(performance.now() - askedAt);
  }
  await service.kill9();
  const againAt = performance.now();
  const again = await stage.service(1);
  const startMs = performance.now() - againAt;
  await again.kill9();
  return {
    turnsPerSecond: sessions / seconds,
    rssBytes: pages * PAGE_BYTES,
    startMs,
    getMs: timesMs.sort((a, b) => a - b)[timesMs.length >> 1] ?? Number.NaN,
  };
}

/** Nothing is written any more. */
async function isQuiet(reader: LogReader): Promise<boolean> {
  const last = await reader.last(EVENTS);
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  const later = await reader.last(EVENTS);
  return last !== null && last.sequence === later?.sequence;
}
