// Workers whose machine is gone with everything on it: nobody is left to tell the log that they were lost, so a router
// does when it has heard none of their beats for long. A supervisor tells of the others, and much sooner.

import type { Logger } from "pino";
import { beatSchema } from "../../../schemas/messages/beat.ts";
import type { WorkerLost } from "../../../schemas/messages/worker-event.ts";
import { ALL_BEATS } from "../../../schemas/subjects.ts";
import type { NatsConnection, Subscription } from "../../bus/connect.ts";
import type { RouterFold } from "../fold.ts";
import type { Journal } from "../journal.ts";

const LOOK_MS = 1_000;
/** Beats come each second; a supervisor kills a silent process after four. */
const SILENT_MS = 15_000;
/** So much later each further router: one is enough. */
const COURTESY_MS = 3_000;
const COURTESIES = 4;

export interface BeatWatchParts {
  connection: NatsConnection;
  fold: RouterFold;
  journal: Journal;
  instance: number;
  logger: Logger;
}

export class BeatWatch {
  readonly #parts: BeatWatchParts;
  readonly #silentMs: number;
  /** When each life of a worker was last heard of, or first missed; ms of a clock that nobody sets. */
  readonly #heardAt = new Map<string, number>();
  #beats: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;

  constructor(parts: BeatWatchParts) {
    this.#parts = parts;
    this.#silentMs = SILENT_MS + COURTESY_MS * ((parts.instance - 1) % COURTESIES);
  }

  start(): void {
    this.#beats = this.#parts.connection.subscribe(ALL_BEATS, {
      callback: (error, message) => {
        if (error === null) this.heard(message.data, performance.now());
      },
    });
    this.#timer = setInterval(() => this.look(performance.now()), LOOK_MS).unref();
    void this.#watchConnection();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#beats?.unsubscribe();
  }

  heard(data: Uint8Array, nowMs: number): void {
    const beat = beatSchema.safeParse(jsonIn(data)).data;
    if (beat === undefined) return;
    const key = lifeOf(beat);
    if (this.#heardAt.has(key)) this.#heardAt.set(key, nowMs);
  }

  /** Tells of those that were silent for too long. */
  look(nowMs: number): void {
    // Who stood still himself has heard nothing, either.
    if (nowMs - this.#lookedAt > 3 * LOOK_MS) this.#heardAt.clear();
    this.#lookedAt = nowMs;
    const { workers } = this.#parts.fold.state.load;
    const living = new Set<string>();
    for (const [pool, of] of workers) {
      for (const [worker, { incarnation }] of of) {
        const lost: WorkerLost = { pool, worker, incarnation, gaveBack: [] };
        const key = lifeOf(lost);
        living.add(key);
        const heardAt = this.#heardAt.get(key) ?? nowMs;
        this.#heardAt.set(key, heardAt);
        if (nowMs - heardAt >= this.#silentMs) this.#tell(lost, key, nowMs);
      }
    }
    for (const key of this.#heardAt.keys()) if (!living.has(key)) this.#heardAt.delete(key);
  }

  #tell(lost: WorkerLost, key: string, nowMs: number): void {
    const { journal, logger } = this.#parts;
    // Not again while it is on its way.
    this.#heardAt.set(key, nowMs);
    const { pool, worker } = lost;
    logger.warn({ pool, worker }, "no beat of a worker, it counts as lost");
    journal
      .workerLost(lost)
      .catch((error: Error) =>
        logger.warn({ pool, worker, error: error.message }, "loss of a worker not told"),
      );
  }

  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#parts.connection.status()) {
      if (type === "reconnect") this.#heardAt.clear();
    }
  }
}

function lifeOf({ pool, worker, incarnation }: Pick<WorkerLost, "pool" | "worker" | "incarnation">): string {
  return `${pool}/${worker}/${incarnation}`;
}

/** Only pools may publish beats; a later version's is not ours to judge. */
function jsonIn(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
}
