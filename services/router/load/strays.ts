// Work that was sent to one worker alone, and that worker lives no more and nobody has taken its name: it is sent again, to
// whoever is free, as the same attempt. Any router does it for all, those with higher numbers later, so that one is enough.
// What the old message comes to, should its worker come back, the result's expected sequence decides.

import type { Logger } from "pino";
import type { CloudEvent } from "../../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../../schemas/envelope/headers.ts";
import type { Work } from "../../../schemas/messages/work.ts";
import { ALL_WORK, parseLogSubject } from "../../../schemas/subjects.ts";
import type { LogReader } from "../../log/read.ts";
import type { RouterFold } from "../fold.ts";
import type { Journal } from "../journal.ts";
import { isAlive } from "./affinity.ts";

const LOOK_MS = 500;
/** A process that died has its successor under the same name by then, which takes what was sent to it. */
const GRACE_MS = 3_000;
/** So much later each further router. */
const COURTESY_MS = 2_000;
const COURTESIES = 4;
const ANY = "any";

export interface StraysParts {
  fold: RouterFold;
  journal: Journal;
  reader: LogReader;
  instance: number;
  logger: Logger;
}

export class Strays {
  readonly #parts: StraysParts;
  readonly #graceMs: number;
  /** Since when workers with work of their own have been missed, by `placeKey`; ms of a clock that nobody sets. */
  readonly #missedSince = new Map<string, number>();
  readonly #sending = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: StraysParts) {
    this.#parts = parts;
    this.#graceMs = GRACE_MS + COURTESY_MS * ((parts.instance - 1) % COURTESIES);
  }

  start(): void {
    this.#timer = setInterval(() => this.look(performance.now()), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** @param nowMs of a clock that nobody sets. */
  look(nowMs: number): void {
    const { load } = this.#parts.fold.state;
    if (load.addressed.size === 0 && this.#missedSince.size === 0) return;
    for (const place of this.#missedSince.keys()) {
      if (!load.addressed.has(place) || this.#isServed(place)) this.#missedSince.delete(place);
    }
    for (const [place, attempts] of load.addressed) {
      if (this.#isServed(place)) continue;
      const since = this.#missedSince.get(place) ?? nowMs;
      this.#missedSince.set(place, since);
      if (nowMs - since < this.#graceMs) continue;
      for (const sequence of attempts.values()) this.#sendOnce(sequence);
    }
  }

  #isServed(place: string): boolean {
    const [pool = "", worker = ""] = place.split("/");
    return isAlive(this.#parts.fold.state.load, pool, worker);
  }

  #sendOnce(sequence: number): void {
    if (this.#sending.has(sequence)) return;
    this.#sending.add(sequence);
    this.#send(sequence)
      .catch((error: Error) =>
        this.#parts.logger.warn(
          { sequence, error: error.message },
          "work of a lost worker not sent again yet",
        ),
      )
      .finally(() => this.#sending.delete(sequence));
  }

  async #send(sequence: number): Promise<void> {
    const { reader, journal, fold, logger } = this.#parts;
    const stored = await reader.at(sequence);
    const subject = parseLogSubject(stored?.subject ?? "");
    if (stored === null || subject.kind !== "work") return;
    const { data } = stored.json() as CloudEvent<Work>;
    const { worker, ...work } = data;
    const isSent = await journal.work(work, subject.pool, undefined, stored.header(HEADER.traceparent), () =>
      this.#findSent(work.id, work.attempt),
    );
    if (!isSent) return;
    logger.warn({ id: work.id, pool: subject.pool, worker }, "work of a lost worker sent to the others");
    await fold.passed((await reader.last(ALL_WORK))?.sequence ?? 0);
  }

  /** Sequence of the work as it was sent again, 0 when nobody needs it any more, undefined when it was not. */
  async #findSent(id: string, attempt: number): Promise<number | undefined> {
    const { reader, fold } = this.#parts;
    await fold.passed((await reader.last(ALL_WORK))?.sequence ?? 0);
    const running = fold.state.open.get(id)?.running.find((one) => one.attempt === attempt);
    if (running === undefined) return 0;
    return running.worker === ANY ? running.workSequence : undefined;
  }
}
