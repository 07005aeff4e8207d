// Workers whose machine is gone with everything on it: nobody is left to tell the log that they were lost, so a router
// does when it has heard none of their beats for long. A supervisor tells of the others, and much sooner. Where it was only
// the beats that did not arrive, the next one that does brings the worker back.
//
//   living ─ 15 s without a beat ─▶ worker.lost ─▶ silent ─ a beat of the same life ─▶ worker.found ─▶ living

import type { Logger } from "pino";
import { beatSchema } from "../../../schemas/messages/beat.ts";
import type { WorkerFound, WorkerLost } from "../../../schemas/messages/worker-event.ts";
import { ALL_BEATS } from "../../../schemas/subjects.ts";
import type { NatsConnection, Subscription } from "../../bus/connect.ts";
import type { RouterFold } from "../fold.ts";
import type { Journal } from "../journal.ts";
import { placeKey } from "./state.ts";

const LOOK_MS = 1_000;
/** Beats come each second; a supervisor kills a silent process after four. */
const SILENT_MS = 15_000;
/** So much later each further router: one is enough. */
const COURTESY_MS = 3_000;
const COURTESIES = 4;
/** What was told is in the fold by then, or is told again. */
const FOUND_AGAIN_MS = 5_000;
const MAX_FOUND = 256;

export interface BeatWatchParts {
  connection: NatsConnection;
  fold: RouterFold;
  journal: Journal;
  instance: number;
  logger: Logger;
}

export class BeatWatch {
  readonly #parts: BeatWatchParts;
  readonly #courtesyMs: number;
  /** When each life of a worker was last heard of, or first missed; ms of a clock that nobody sets. */
  readonly #heardAt = new Map<string, number>();
  /** From when on a beat of a life that counts as lost is to be told; ms of the same clock. */
  readonly #findFrom = new Map<string, number>();
  #beats: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;

  constructor(parts: BeatWatchParts) {
    this.#parts = parts;
    this.#courtesyMs = COURTESY_MS * ((parts.instance - 1) % COURTESIES);
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
    // One without a slot takes nothing: it drains, or each of its threads is stuck.
    if (beat.slots > 0 && this.#isSilent(beat)) this.#find(beat, key, nowMs);
  }

  /** Tells of those that were silent for too long. */
  look(nowMs: number): void {
    // Who stood still himself has heard nothing, either.
    if (nowMs - this.#lookedAt > 3 * LOOK_MS) this.#heardAt.clear();
    this.#lookedAt = nowMs;
    const { workers, silent } = this.#parts.fold.state.load;
    const living = new Set<string>();
    for (const [pool, of] of workers) {
      for (const [worker, { incarnation }] of of) {
        const lost: WorkerLost = { pool, worker, incarnation, gaveBack: [] };
        const key = lifeOf(lost);
        living.add(key);
        const heardAt = this.#heardAt.get(key) ?? nowMs;
        this.#heardAt.set(key, heardAt);
        if (nowMs - heardAt >= SILENT_MS + this.#courtesyMs) this.#tell(lost, key, nowMs);
      }
    }
    for (const key of this.#heardAt.keys()) if (!living.has(key)) this.#heardAt.delete(key);
    if (silent.size === 0) this.#findFrom.clear();
  }

  #isSilent({ pool, worker, incarnation }: WorkerFound): boolean {
    return this.#parts.fold.state.load.silent.get(placeKey(pool, worker))?.incarnation === incarnation;
  }

  #find({ pool, worker, incarnation }: WorkerFound, key: string, nowMs: number): void {
    const from = this.#findFrom.get(key) ?? nowMs + this.#courtesyMs;
    this.#findFrom.set(key, nowMs < from ? from : nowMs + FOUND_AGAIN_MS);
    if (this.#findFrom.size > MAX_FOUND) this.#findFrom.delete(this.#findFrom.keys().next().value as string);
    if (nowMs < from) return;
    const { journal, logger } = this.#parts;
    logger.info({ pool, worker }, "a worker that counted as lost beats again");
    journal
      .workerFound({ pool, worker, incarnation })
      .catch((error: Error) =>
        logger.warn({ pool, worker, error: error.message }, "return of a worker not told"),
      );
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
