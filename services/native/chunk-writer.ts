// Streams pieces of an output to whoever reads: into the chunk stream, acknowledged in a small window, so that a model
// that is faster than the server waits for it.

import { stringifyJson } from "../../schemas/envelope/json.ts";
import type { Chunk } from "../../schemas/messages/chunk.ts";
import type { Work } from "../../schemas/messages/work.ts";
import { chunkSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";

const WINDOW = 16;

export interface ChunkStream {
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

export class ChunkWriter {
  readonly #appender: Appender;

  constructor(appender: Appender) {
    this.#appender = appender;
  }

  /** `delivery`: the consumer's delivery count, which tells readers of a second run from the first. */
  open(work: Work, delivery: number): ChunkStream {
    const underway = new Set<Promise<unknown>>();
    let index = 0;
    const send = async (text: string, final: boolean): Promise<void> => {
      const chunk: Chunk = {
        id: work.id,
        attempt: work.attempt,
        delivery,
        index: index++,
        text,
        ...(final && { final }),
      };
      const sent: Promise<unknown> = this.#appender
        .append(chunkSubject(work.id), stringifyJson(chunk), { timeoutMs: 10_000 })
        // A chunk that could not be stored is missing for readers of the stream; the result has it all.
        .catch(() => undefined)
        .finally(() => underway.delete(sent));
      underway.add(sent);
      if (underway.size >= WINDOW) await Promise.race(underway);
    };
    return {
      write: (text) => send(text, false),
      async end() {
        await send("", true);
        await Promise.all(underway);
      },
    };
  }
}
