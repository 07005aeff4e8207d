// Object buckets in NATS's own object-store format (ADR-20), so that `nats object get` reads them; read by direct get,
// because parts may not create the consumers that the library's `get` needs.

import { createHash, randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { DspexError } from "../../schemas/errors.ts";
import type { Appender } from "../bus/append.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { LogReader, pagesOf } from "./read.ts";

const PIECE_BYTES = 131_072;

interface ObjectMeta {
  name: string;
  bucket: string;
  nuid: string;
  size: number;
  chunks: number;
  digest: string;
  metadata?: Record<string, string>;
}

export interface StoredObject {
  name: string;
  data: Uint8Array;
  metadata: Record<string, string>;
}

export class ObjectBucket {
  readonly #bucket: string;
  readonly #appender: Appender;
  readonly #reader: LogReader;

  private constructor(bucket: string, appender: Appender, reader: LogReader) {
    this.#bucket = bucket;
    this.#appender = appender;
    this.#reader = reader;
  }

  static async open(connection: NatsConnection, appender: Appender, bucket: string): Promise<ObjectBucket> {
    return new ObjectBucket(bucket, appender, await LogReader.open(connection, `OBJ_${bucket}`));
  }

  /** Stores an object; a reader sees it whole or not at all, because its meta message comes last. */
  async put(name: string, data: Uint8Array, metadata: Record<string, string> = {}): Promise<void> {
    const nuid = newNuid();
    const pieces: Promise<number>[] = [];
    for (let at = 0; at < data.length; at += PIECE_BYTES) {
      pieces.push(this.#appender.append(`$O.${this.#bucket}.C.${nuid}`, data.subarray(at, at + PIECE_BYTES)));
    }
    await Promise.all(pieces);
    await this.#putMeta({
      name,
      bucket: this.#bucket,
      nuid,
      size: data.length,
      chunks: pieces.length,
      digest: `SHA-256=${sha256Base64Url(data)}`,
      metadata,
    });
  }

  /**
   * Stores an object whose bytes are made one part after the other: each is stored before more are asked for, so nobody
   * else waits long and the whole is never in memory.
   */
  async putParts(name: string, parts: Iterable<string>): Promise<void> {
    const nuid = newNuid();
    const digest = createHash("sha256");
    let size = 0;
    let chunks = 0;
    let waiting: Buffer[] = [];
    let waitingBytes = 0;
    const store = async (least: number): Promise<void> => {
      while (waitingBytes >= least && waitingBytes > 0) {
        const all = Buffer.concat(waiting);
        await this.#appender.append(`$O.${this.#bucket}.C.${nuid}`, all.subarray(0, PIECE_BYTES));
        chunks++;
        waiting = [all.subarray(PIECE_BYTES)];
        waitingBytes = waiting[0]?.length ?? 0;
      }
    };
    for (const part of parts) {
      const bytes = Buffer.from(part);
      digest.update(bytes);
      size += bytes.length;
      waiting.push(bytes);
      waitingBytes += bytes.length;
      await store(PIECE_BYTES);
      await nextTurn();
    }
    await store(1);
    await this.#putMeta({
      name,
      bucket: this.#bucket,
      nuid,
      size,
      chunks,
      digest: `SHA-256=${padded(digest.digest("base64url"))}`,
      metadata: {},
    });
  }

  /**
   * Where an object lies: sequences in the bucket's stream of all its messages, also of those from when it was stored
   * before; none = it is not there.
   */
  sequencesOf(name: string): Promise<number[]> {
    return this.#sequences(this.#metaSubject(name), () => true);
  }

  /** The same for all objects that are wanted. Looks at every object of the bucket. */
  sequencesWhere(isWanted: (name: string, storedMs: number) => boolean): Promise<number[]> {
    return this.#sequences(`$O.${this.#bucket}.M.>`, isWanted);
  }

  async #sequences(
    metaSubject: string,
    isWanted: (name: string, storedMs: number) => boolean,
  ): Promise<number[]> {
    const sequences: number[] = [];
    for await (const stored of pagesOf(this.#reader, metaSubject, 1)) {
      const { name, nuid } = JSON.parse(Buffer.from(stored.data).toString()) as ObjectMeta;
      if (!isWanted(name, stored.timeMs)) continue;
      sequences.push(stored.sequence);
      for await (const piece of pagesOf(this.#reader, `$O.${this.#bucket}.C.${nuid}`, 1))
        sequences.push(piece.sequence);
    }
    return sequences;
  }

  /** An object by name, or null. @throws DspexError `internal` when its bytes are not what its digest says. */
  async get(name: string): Promise<StoredObject | null> {
    return this.#load(this.#metaSubject(name));
  }

  /** The object that was stored last, or null. */
  async newest(): Promise<StoredObject | null> {
    return this.#load(`$O.${this.#bucket}.M.>`);
  }

  async #load(metaSubject: string): Promise<StoredObject | null> {
    const stored = await this.#reader.last(metaSubject);
    if (stored === null) return null;
    const meta = JSON.parse(Buffer.from(stored.data).toString()) as ObjectMeta & { deleted?: boolean };
    if (meta.deleted === true) return null;
    const pieces: Uint8Array[] = [];
    let from = 1;
    for (let n = 0; n < meta.chunks; n++) {
      const piece = await this.#reader.next(`$O.${this.#bucket}.C.${meta.nuid}`, from);
      if (piece === null)
        throw new DspexError("gone", `object ${JSON.stringify(meta.name)} has lost piece ${n + 1}`);
      pieces.push(piece.data);
      from = piece.sequence + 1;
    }
    const data = Buffer.concat(pieces);
    if (meta.digest !== `SHA-256=${sha256Base64Url(data)}`) {
      throw new DspexError("internal", `object ${JSON.stringify(meta.name)} does not match its digest`);
    }
    return { name: meta.name, data, metadata: meta.metadata ?? {} };
  }

  async #putMeta(meta: ObjectMeta): Promise<void> {
    await this.#appender.append(this.#metaSubject(meta.name), JSON.stringify(meta));
  }

  #metaSubject(name: string): string {
    return `$O.${this.#bucket}.M.${padded(Buffer.from(name).toString("base64url"))}`;
  }
}

function newNuid(): string {
  return randomUUID().replaceAll("-", "");
}

function sha256Base64Url(data: Uint8Array): string {
  return padded(createHash("sha256").update(data).digest("base64url"));
}

/** The format wants base64url with its padding, which Node leaves out. */
function padded(base64url: string): string {
  return base64url.padEnd(Math.ceil(base64url.length / 4) * 4, "=");
}
