// Point reads of the log by direct get: no consumer, answered by any replica, 0.2 ms.

import {
  type DirectBatchOptions,
  type DirectLastFor,
  type DirectMsgRequest,
  type DirectStreamAPI,
  jetstreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import { parseJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { LOG_STREAM } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";

export interface StoredMessage {
  subject: string;
  sequence: number;
  /** Log timestamp, ms since 1970. */
  timeMs: number;
  data: Uint8Array;
  header(name: string): string | undefined;
  json(): unknown;
}

export class LogReader {
  readonly #direct: DirectStreamAPI;
  readonly #stream: string;

  private constructor(direct: DirectStreamAPI, stream: string) {
    this.#direct = direct;
    this.#stream = stream;
  }

  static async open(connection: NatsConnection, stream: string = LOG_STREAM): Promise<LogReader> {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    return new LogReader(manager.direct, stream);
  }

  /** The last message of a subject (or wildcard), or null. */
  last(subject: string): Promise<StoredMessage | null> {
    return this.#get({ last_by_subj: subject });
  }

  /** The message at a sequence, or null when it is not (or no longer) there. */
  at(sequence: number): Promise<StoredMessage | null> {
    return this.#get({ seq: sequence });
  }

  /** The first message of a subject (or wildcard) at or after a sequence, or null. */
  next(subject: string, fromSequence: number): Promise<StoredMessage | null> {
    return this.#get({ seq: fromSequence, next_by_subj: subject });
  }

  /** The last message of a subject that was there at a sequence, or null. */
  async lastUpTo(subject: string, sequence: number): Promise<StoredMessage | null> {
    const found = this.#direct.getLastMessagesFor(this.#stream, {
      multi_last: [subject],
      up_to_seq: sequence,
      batch: 1,
    } satisfies DirectLastFor);
    const [last] = await this.#collect(found);
    return last ?? null;
  }

  /** The first `count` messages of a subject (or wildcard) from a sequence on, in one go. */
  some(subject: string, fromSequence: number, count: number): Promise<StoredMessage[]> {
    const query: DirectBatchOptions = { seq: fromSequence, next_by_subj: subject, batch: count };
    return this.#collect(this.#direct.getBatch(this.#stream, query));
  }

  async #collect(found: Promise<AsyncIterable<StoredMsg>>): Promise<StoredMessage[]> {
    const messages: StoredMessage[] = [];
    try {
      for await (const stored of await found) messages.push(storedMessage(stored));
    } catch (cause) {
      if (!isNothingFound(cause)) throw this.#unavailable(cause);
    }
    return messages;
  }

  async #get(query: DirectMsgRequest): Promise<StoredMessage | null> {
    let stored: StoredMsg | null;
    try {
      stored = await this.#direct.getMessage(this.#stream, query);
    } catch (cause) {
      throw this.#unavailable(cause);
    }
    return stored === null ? null : storedMessage(stored);
  }

  #unavailable(cause: unknown): DspexError {
    const why = cause instanceof Error ? cause.message : String(cause);
    return new DspexError("unavailable", `stream ${this.#stream} did not answer: ${why}`, { cause });
  }
}

const PAGE = 256;

/** All messages of a subject (or wildcard) from a sequence on, some hundred at a time. */
export async function* pagesOf(
  reader: Pick<LogReader, "some">,
  subject: string,
  fromSequence: number,
): AsyncGenerator<StoredMessage> {
  let position = fromSequence;
  for (;;) {
    const page = await reader.some(subject, position, PAGE);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    position = last.sequence + 1;
  }
}

/** The client throws where there is nothing, for batches alone. */
function isNothingFound(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === 404;
}

function storedMessage(stored: StoredMsg): StoredMessage {
  return {
    subject: stored.subject,
    sequence: stored.seq,
    timeMs: stored.time.getTime(),
    data: stored.data,
    header: (name) => (stored.header.has(name) ? stored.header.get(name) : undefined),
    json: () => parseJson(stored.data),
  };
}
