// Who reads a stream and wants its producer to wait, and how far the slowest of them lets it go. Pure: time is given.

import type { Credit } from "../../schemas/messages/control.ts";

/** A reader that was not heard of for this long is not waited for any more; readers tell of themselves each 3 s. */
export const READER_SILENCE_MS = 10_000;
/** Of one stream; further ones are not waited for. */
export const MAX_WAITED_FOR = 16;

interface Reader {
  /** Greatest index that it has room for. */
  limit: number;
  heardAtMs: number;
}

export class StreamReaders {
  readonly #attempt: number;
  readonly #delivery: number;
  readonly #readers = new Map<string, Reader>();

  constructor(attempt: number, delivery: number) {
    this.#attempt = attempt;
    this.#delivery = delivery;
  }

  hear({ reader, attempt, delivery, index, room }: Credit, nowMs: number): void {
    const ahead = attempt - this.#attempt || delivery - this.#delivery;
    // One that follows a later attempt reads nothing of this one any more.
    if (room === undefined || ahead > 0) {
      this.#readers.delete(reader);
      return;
    }
    const known = this.#readers.get(reader);
    if (known === undefined && this.#readers.size >= MAX_WAITED_FOR) return;
    const limit = ahead < 0 ? room - 1 : index + room;
    // An older message may come last.
    this.#readers.set(reader, { limit: Math.max(limit, known?.limit ?? -1), heardAtMs: nowMs });
  }

  /** Greatest index that may be sent: infinite where nobody wants to be waited for. */
  limit(nowMs: number): number {
    let limit = Number.POSITIVE_INFINITY;
    for (const [name, reader] of this.#readers) {
      if (nowMs - reader.heardAtMs >= READER_SILENCE_MS) this.#readers.delete(name);
      else limit = Math.min(limit, reader.limit);
    }
    return limit;
  }

  /** When `limit` may change though nothing is heard; undefined = never. */
  get changesAtMs(): number | undefined {
    if (this.#readers.size === 0) return undefined;
    return Math.min(...[...this.#readers.values()].map(({ heardAtMs }) => heardAtMs)) + READER_SILENCE_MS;
  }
}
