// Signs of life of a worker, each second.

import { randomUUID } from "node:crypto";
import type { Beat } from "../../schemas/messages/beat.ts";
import { beatSubject } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { WorkerName } from "./outcome-message.ts";

const BEAT_MS = 1_000;

/** Starts beating; returns a function that stops it. `now` tells what changes from beat to beat. */
export function startBeats(
  connection: NatsConnection,
  name: WorkerName,
  slots: number,
  now: () => Pick<Beat, "busy" | "sequence">,
): () => void {
  const incarnation = randomUUID();
  const timer = setInterval(() => {
    const beat: Beat = { ...name, incarnation, slots, rssBytes: process.memoryUsage.rss(), ...now() };
    connection.publish(beatSubject(name.pool, name.worker), JSON.stringify(beat));
  }, BEAT_MS).unref();
  return () => clearInterval(timer);
}
