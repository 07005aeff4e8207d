// Streamed output of one request from a position, then live to its end: first what is stored, by direct get, then what
// comes, as it comes. Nothing is sent that was not asked for: an answer ends after so many chunks or bytes, and the reader
// asks again from where it is. A reader that wants the producer to wait says who it is and how many chunks it has room
// for; the workers are told.

import { z } from "zod";
import {
  CHUNK_START,
  type ChunkPlace,
  isAfter,
  isNext,
  placeOf,
} from "../../schemas/envelope/chunk-order.ts";
import { parseJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { type Chunk, chunkSchema } from "../../schemas/messages/chunk.ts";
import type { Control } from "../../schemas/messages/control.ts";
import { tokenSchema } from "../../schemas/messages/parts.ts";
import { chunkSubject, controlSubject, liveResultSubject } from "../../schemas/subjects.ts";
import { POOLS } from "../broker/mod.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { ApiRequest, PieceWriter } from "../bus/micro-service.ts";
import type { LogReader, StoredMessage } from "../log/read.ts";
import type { RequestLookup } from "./lookup.ts";

/** Pieces of one answer at most, and the room of one reader. */
const MAX_PIECES = 256;
/** The same for their bytes; the last piece may go beyond it. */
const MAX_ANSWER_BYTES = 1_048_576;
const ANSWER_MS = 60_000;
/** A reader notices within three of these that its gateway is gone. */
const KEEP_ALIVE_MS = 1_500;
/** Chunks of one read. */
const READ_AT_ONCE = 64;

const askSchema = z
  .strictObject({
    attempt: z.number().int().positive().optional(),
    delivery: z.number().int().positive().optional(),
    after: z.number().int().nonnegative().optional(),
    /** Wants the producer to wait for it. */
    reader: tokenSchema.optional(),
    /** Chunks that it takes from here on; without it a `reader` has left. */
    room: z.number().int().positive().max(MAX_PIECES).optional(),
    /** Only says that it is still there. */
    renew: z.boolean().optional(),
  })
  .refine(
    ({ attempt, delivery, after }) =>
      (attempt === undefined) === (delivery === undefined && after === undefined),
    {
      error: "a position is attempt, delivery and after",
    },
  );
type Ask = z.infer<typeof askSchema>;

export interface ChunkSources {
  connection: NatsConnection;
  chunks: LogReader;
  lookup: RequestLookup;
}

export async function writeChunks(
  request: ApiRequest,
  writer: PieceWriter,
  sources: ChunkSources,
): Promise<void> {
  const id = sources.lookup.ownId(request.user, request.tokens.slice(1));
  const parsed = askSchema.safeParse(request.json());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new DspexError("invalid_inputs", `chunks: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  await new ChunkAnswer(id, parsed.data, writer, sources).write();
}

class ChunkAnswer {
  readonly #id: string;
  readonly #ask: Ask;
  readonly #writer: PieceWriter;
  readonly #sources: ChunkSources;
  readonly #live: Chunk[] = [];
  #liveBytes = 0;
  #wake = Promise.withResolvers<void>();
  /** What the reader has. */
  #place: ChunkPlace;
  #lastIsFinal = false;
  #sequence = 1;
  #pieces = 0;
  #bytes = 0;
  #mayBeFinished = true;

  constructor(id: string, ask: Ask, writer: PieceWriter, sources: ChunkSources) {
    this.#id = id;
    this.#ask = ask;
    this.#writer = writer;
    this.#sources = sources;
    const { attempt, delivery = 0, after = -1 } = ask;
    this.#place = attempt === undefined ? CHUNK_START : { attempt, delivery, index: after };
  }

  async write(): Promise<void> {
    const { reader, room, renew } = this.#ask;
    if (reader !== undefined) this.#tellWorkers();
    if (renew === true || (reader !== undefined && room === undefined)) {
      this.#writer.end("more");
      return;
    }
    using _ = this.#listen();
    const newest = await this.#sources.chunks.last(chunkSubject(this.#id));
    if (newest === null) await this.#checkKnown();
    else this.#sequence = await this.#seek(newest);
    this.#writer.end((await this.#writeUntilFull()) ? "done" : "more");
  }

  /** Returns whether there is nothing more to come. */
  async #writeUntilFull(): Promise<boolean> {
    const until = Date.now() + ANSWER_MS;
    await this.#writeStored();
    while (!this.#isFull && Date.now() < until && !this.#writer.stopping.aborted) {
      await this.#writeLive();
      if (this.#mayBeFinished) {
        this.#mayBeFinished = false;
        // Asked for before the chunks: a result that is there now has all its chunks before it.
        const isFinished = (await this.#sources.lookup.storedResult(this.#id)) !== undefined;
        if (!this.#lastIsFinal) await this.#writeStored();
        if (isFinished && !this.#isFull) return true;
      }
      if (!this.#isFull && this.#live.length === 0) await this.#nextEvent();
    }
    return false;
  }

  get #isFull(): boolean {
    return this.#pieces >= (this.#ask.room ?? MAX_PIECES) || this.#bytes >= MAX_ANSWER_BYTES;
  }

  /** @throws DspexError `not_found` */
  async #checkKnown(): Promise<void> {
    const { lookup } = this.#sources;
    if ((await lookup.storedResult(this.#id)) === undefined && (await lookup.open(this.#id)) === undefined)
      throw new DspexError("not_found", `no request ${JSON.stringify(this.#id)}`);
  }

  /** A sequence at or before the first chunk that the reader has not: most are near the end, so it looks back from there. */
  async #seek(newest: StoredMessage): Promise<number> {
    let found: StoredMessage | null = newest;
    for (let step = READ_AT_ONCE; ; step *= 4) {
      const chunk = found === null ? undefined : readChunk(found.data);
      if (found !== null && chunk !== undefined && !isAfter(chunk, this.#place)) return found.sequence + 1;
      const from = newest.sequence - step;
      if (this.#place === CHUNK_START || from <= 1) return 1;
      found = await this.#sources.chunks.next(chunkSubject(this.#id), from);
    }
  }

  /** What the stream holds behind the reader's place. */
  async #writeStored(): Promise<void> {
    const subject = chunkSubject(this.#id);
    while (!this.#isFull) {
      const stored = await this.#sources.chunks.some(subject, this.#sequence, READ_AT_ONCE);
      for (const { sequence, data } of stored) {
        if (this.#isFull) return;
        this.#sequence = sequence + 1;
        const chunk = readChunk(data);
        if (chunk !== undefined) this.#write(chunk);
      }
      if (stored.length < READ_AT_ONCE) return;
    }
  }

  /** What has arrived since: a worker sends a chunk only when the one before is stored, so a jump means a look there. */
  async #writeLive(): Promise<void> {
    while (this.#live.length > 0 && !this.#isFull) {
      const [chunk] = this.#live as [Chunk];
      if (isAfter(chunk, this.#place) && !isNext(chunk, this.#place)) await this.#writeStored();
      if (this.#isFull) return;
      this.#live.shift();
      this.#liveBytes -= chunk.text.length;
      this.#write(chunk);
    }
  }

  #write(chunk: Chunk): void {
    if (!isAfter(chunk, this.#place)) return;
    const isOther = chunk.attempt !== this.#place.attempt || chunk.delivery !== this.#place.delivery;
    this.#place = placeOf(chunk);
    this.#lastIsFinal = chunk.final === true;
    this.#writer.piece(chunk, this.#pieces++);
    this.#bytes += chunk.text.length;
    // The worker that began could not know of this reader yet.
    if (isOther && this.#ask.reader !== undefined) this.#tellWorkers();
  }

  /** Who streams it is not asked: workers leave alone what is not theirs. */
  #tellWorkers(): void {
    const { reader = "", attempt = 0, delivery = 0, after = -1, room } = this.#ask;
    const place = { attempt, delivery, index: after };
    const message: Control = {
      verb: "credit",
      id: this.#id,
      reader,
      ...place,
      ...(room !== undefined && { room }),
    };
    for (const pool of POOLS)
      this.#sources.connection.publish(controlSubject(pool, "any"), JSON.stringify(message));
  }

  #listen(): Disposable {
    const { connection } = this.#sources;
    const { stopping } = this.#writer;
    const wakeNow = () => this.#wake.resolve();
    const chunks = connection.subscribe(chunkSubject(this.#id), {
      callback: (error, message) => {
        const chunk = error === null ? readChunk(message.data) : undefined;
        // More than an answer takes need not be kept: it is stored, and looked for when a later one comes.
        if (chunk !== undefined && this.#live.length < MAX_PIECES && this.#liveBytes < MAX_ANSWER_BYTES) {
          this.#live.push(chunk);
          this.#liveBytes += chunk.text.length;
        }
        wakeNow();
      },
    });
    const result = connection.subscribe(liveResultSubject(this.#id), {
      callback: () => {
        this.#mayBeFinished = true;
        wakeNow();
      },
    });
    stopping.addEventListener("abort", wakeNow);
    return {
      [Symbol.dispose]() {
        chunks.unsubscribe();
        result.unsubscribe();
        stopping.removeEventListener("abort", wakeNow);
      },
    };
  }

  /** The next chunk, the result, or time for a keep-alive, at which what may have been missed is looked for. */
  async #nextEvent(): Promise<void> {
    const timer = setTimeout(() => {
      this.#writer.keepAlive();
      this.#mayBeFinished = true;
      this.#wake.resolve();
    }, KEEP_ALIVE_MS);
    await this.#wake.promise;
    clearTimeout(timer);
    this.#wake = Promise.withResolvers();
  }
}

/** Pools run users' code: what is none is left out. */
function readChunk(data: Uint8Array): Chunk | undefined {
  try {
    return chunkSchema.safeParse(parseJson(data)).data;
  } catch {
    return undefined;
  }
}
