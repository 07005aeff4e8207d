// What a user's observer has not seen yet, oldest first, merged from the subjects that are this user's by direct get from
// a position: what was looked through is never looked through again.

import type { LogReader, StoredMessage } from "../log/read.ts";

/** Where the reading of one subject stands. */
interface Source {
  subject: string;
  /** Its next message; undefined = none is known. */
  head: StoredMessage | undefined;
  /** There is none before this sequence but those that were taken. */
  from: number;
}

export class ObservedHistory {
  readonly #reader: Pick<LogReader, "next">;
  readonly #sources: Source[];
  #position: number;

  constructor(reader: Pick<LogReader, "next">, subjects: readonly string[], fromSequence: number) {
    this.#reader = reader;
    this.#sources = subjects.map((subject) => ({ subject, head: undefined, from: fromSequence }));
    this.#position = fromSequence - 1;
  }

  /** Everything up to this sequence was taken, here or elsewhere. */
  get position(): number {
    return this.#position;
  }

  /** Everything up to there was taken elsewhere. */
  moveTo(position: number): void {
    this.#position = Math.max(this.#position, position);
    for (const source of this.#sources) {
      if (source.from > position) continue;
      source.head = undefined;
      source.from = position + 1;
    }
  }

  /** The earliest message up to `end` that was not taken yet; undefined = there is none, and the position is `end`. */
  async next(end: number): Promise<StoredMessage | undefined> {
    for (;;) {
      const first = firstOf(this.#sources);
      // Whoever may have an earlier one is asked before it is taken.
      const limit = Math.min(end, first === undefined ? end : first.from - 1);
      const behind = this.#sources.filter(({ head, from }) => head === undefined && from <= limit);
      if (behind.length > 0) {
        await Promise.all(behind.map((source) => this.#look(source, end)));
        continue;
      }
      if (first?.head === undefined || first.head.sequence > end) {
        this.#position = Math.max(this.#position, end);
        return undefined;
      }
      const { head } = first;
      this.moveTo(head.sequence);
      return head;
    }
  }

  async #look(source: Source, end: number): Promise<void> {
    source.head = (await this.#reader.next(source.subject, source.from)) ?? undefined;
    source.from = source.head?.sequence ?? end + 1;
  }
}

function firstOf(sources: readonly Source[]): Source | undefined {
  let first: Source | undefined;
  for (const source of sources) {
    if (source.head !== undefined && (first === undefined || source.from < first.from)) first = source;
  }
  return first;
}
