// Results that this router has sent to the log, until its fold gets them back from there: what it has just written it need
// not read. Only the bytes decide: where the log has other ones under that subject, those are read.

import { Kept } from "./kept.ts";

/** More than are on their way at once; of those that the log refused some stay for a while. */
const MOST = 4_096;
/** A larger one is read: together they would be too much. */
const MAX_BYTES = 8_192;

export class WrittenResults {
  readonly #kept = new Kept<string, { bytes: Buffer; event: unknown }>(MOST);

  /** `event`: what reading `bytes` would give. */
  keep(subject: string, bytes: Buffer, event: unknown): void {
    if (bytes.length <= MAX_BYTES) this.#kept.keep(subject, { bytes, event });
  }

  /** What reading `bytes` would give, if this router has written them. */
  take(subject: string, bytes: Uint8Array): unknown {
    if (this.#kept.size === 0) return undefined;
    const written = this.#kept.take(subject);
    return written?.bytes.equals(bytes) ? written.event : undefined;
  }
}
