// The output of a pool's processes, line by line in one file, bounded: a full file becomes `<name>.1` and a new one
// begins, so that a process that talks without end fills no disk.

import {
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  type WriteStream,
} from "node:fs";
import { dirname } from "node:path";

const MAX_FILE_BYTES = 16 * 1_048_576;

export class LogFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #stream: WriteStream;
  #bytes: number;

  constructor(path: string, maxBytes = MAX_FILE_BYTES) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    this.#stream = this.#open();
  }

  write(line: string): void {
    if (this.#bytes > this.#maxBytes) this.#beginAnew();
    this.#bytes += Buffer.byteLength(line) + 1;
    this.#stream.write(`${line}\n`);
  }

  /** Resolves when everything is written. */
  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(resolve));
  }

  /** Where that does not work, as on a full disk, the old file goes on: a pool serves whatever becomes of its lines. */
  #beginAnew(): void {
    this.#bytes = 0;
    try {
      if (existsSync(this.#path)) renameSync(this.#path, `${this.#path}.1`);
      const stream = this.#open();
      this.#stream.end();
      this.#stream = stream;
    } catch {
      // After as much again.
    }
  }

  #open(): WriteStream {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const stream = createWriteStream(this.#path, { fd: openSync(this.#path, "a", 0o600) });
    // A full disk must not end the process that serves requests: the lines are lost, the pool goes on.
    stream.on("error", () => {});
    return stream;
  }
}
