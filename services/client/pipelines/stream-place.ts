// Where a reader of a run's stream is, as a text that it may keep: `4:1-40` requests 1 to 40 of stage 4 to their end,
// `4_41:1.1.7` request 41 up to that chunk. As long as few requests are on, it is short, however many there were.

import { DspexError } from "../../../schemas/errors.ts";

/** Numbers from `first` to `last`. */
interface Range {
  first: number;
  last: number;
}

const READ = /^(\d{1,4}):(\d{1,9})(?:-(\d{1,9}))?$/;
const OPEN = /^(\d{1,4})_(\d{1,9}):([\w.]+)$/;

export class StreamPlace {
  /** By stage, in order, never touching each other. */
  readonly #read = new Map<number, Range[]>();
  readonly #open = new Map<string, string>();

  /** @throws DspexError `invalid_inputs` */
  static parse(text: string): StreamPlace {
    const place = new StreamPlace();
    for (const part of text.split(",")) {
      const open = OPEN.exec(part);
      const read = READ.exec(part);
      if (open !== null) place.#open.set(`${open[1]}_${open[2]}`, open[3] ?? "");
      else if (read !== null) {
        const first = Number(read[2]);
        place.#add(Number(read[1]), { first, last: Number(read[3] ?? first) });
      } else {
        throw new DspexError(
          "invalid_inputs",
          `${JSON.stringify(text.slice(0, 80))} is no position of a run's stream`,
          { path: "after" },
        );
      }
    }
    return place;
  }

  /** Of a request of which nothing was read there is none. */
  positionOf(stage: number, n: number): string | undefined {
    return this.#open.get(`${stage}_${n}`);
  }

  isRead(stage: number, n: number): boolean {
    return this.#read.get(stage)?.some(({ first, last }) => first <= n && n <= last) === true;
  }

  at(stage: number, n: number, position: string): void {
    this.#open.set(`${stage}_${n}`, position);
  }

  readToEnd(stage: number, n: number): void {
    this.#open.delete(`${stage}_${n}`);
    this.#add(stage, { first: n, last: n });
  }

  toString(): string {
    const read = [...this.#read].flatMap(([stage, ranges]) =>
      ranges.map(({ first, last }) => `${stage}:${first === last ? first : `${first}-${last}`}`),
    );
    return [...read, ...[...this.#open].map(([key, position]) => `${key}:${position}`)].join(",");
  }

  #add(stage: number, added: Range): void {
    const ranges: Range[] = [];
    let whole = added;
    for (const range of this.#read.get(stage) ?? []) {
      const touches = range.first <= whole.last + 1 && whole.first <= range.last + 1;
      if (touches)
        whole = { first: Math.min(range.first, whole.first), last: Math.max(range.last, whole.last) };
      else ranges.push(range);
    }
    this.#read.set(
      stage,
      [...ranges, whole].sort((a, b) => a.first - b.first),
    );
  }
}
