// Large values of users: taken in pieces, checked against what was announced, stored under the user's own prefix by
// their hash, so that the same value twice is one object and one reference. Pieces wait in memory: an upload's name begins
// with that of its gateway, which alone is sent its pieces.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { DspexError } from "../../schemas/errors.ts";
import { MAX_PIECE_BYTES } from "../../schemas/limits.ts";
import { type Reference, referenceSchema } from "../../schemas/messages/reference.ts";
import { VALUE_BUCKET } from "../../schemas/subjects.ts";
import type { Answer, ApiRequest, PieceWriter } from "../bus/micro-service.ts";
import type { ObjectBucket } from "../log/objects.ts";

export interface UploadBounds {
  /** Largest value. */
  objectBytes: number;
  /** Bytes of unfinished uploads in memory, of all users together. */
  openBytes: number;
  /** The same of one user: nobody takes it all. */
  userBytes: number;
  /** Unfinished uploads are forgotten after this, ms. */
  idleMs: number;
}

export const UPLOAD_BOUNDS: UploadBounds = {
  objectBytes: 64 * 1_048_576,
  openBytes: 256 * 1_048_576,
  userBytes: 128 * 1_048_576,
  idleMs: 60_000,
};

const announcementSchema = z.strictObject({
  sizeBytes: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  contentType: z.string().max(128),
});

interface Upload {
  user: string;
  announced: z.infer<typeof announcementSchema>;
  pieces: Uint8Array[];
  receivedBytes: number;
  touchedAt: number;
}

export class Uploads {
  /** Of this gateway. */
  readonly name = randomBytes(9).toString("hex");
  readonly #bucket: ObjectBucket;
  readonly #bounds: UploadBounds;
  readonly #open = new Map<string, Upload>();
  #openBytes = 0;

  constructor(bucket: ObjectBucket, bounds: UploadBounds) {
    this.#bucket = bucket;
    this.#bounds = bounds;
  }

  /** `object.put`: announces a value; `object.put.<upload>.<n>`: its n-th piece. */
  async put(request: ApiRequest): Promise<Answer> {
    const [, , ...rest] = request.tokens;
    const n = rest.pop();
    if (n === undefined) return { body: { upload: this.#begin(request) } };
    return this.#piece(request, rest.join("."), Number(n));
  }

  /** `object.get`: a reference of this user → its bytes in pieces. */
  async get(request: ApiRequest, writer: PieceWriter): Promise<void> {
    const parsed = referenceSchema.safeParse(request.json());
    if (!parsed.success) throw new DspexError("invalid_inputs", "object.get wants a reference");
    const { bucket, key } = parsed.data.$ref;
    const stored =
      bucket === VALUE_BUCKET && key.startsWith(`${request.user}/`) ? await this.#bucket.get(key) : null;
    if (stored === null) throw new DspexError("not_found", `no object ${JSON.stringify(key.slice(0, 200))}`);
    for (let at = 0, index = 0; at < stored.data.length; at += MAX_PIECE_BYTES, index++) {
      writer.bytes(stored.data.subarray(at, at + MAX_PIECE_BYTES), index);
    }
    writer.end("done");
  }

  #begin(request: ApiRequest): string {
    this.#forgetIdle();
    const parsed = announcementSchema.safeParse(request.json());
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new DspexError("invalid_inputs", `object.put: ${issue?.message}`, {
        path: issue?.path.join("."),
      });
    }
    const { sizeBytes } = parsed.data;
    if (sizeBytes > this.#bounds.objectBytes) {
      throw new DspexError("payload_too_large", `${sizeBytes} bytes, at most ${this.#bounds.objectBytes}`, {
        path: "sizeBytes",
      });
    }
    const own = sizeBytes + this.#openBytesOf(request.user);
    if (this.#openBytes + sizeBytes > this.#bounds.openBytes || own > this.#bounds.userBytes) {
      throw new DspexError("overloaded", "too many uploads at once", { retryAfterMs: 1_000 });
    }
    const upload = `${this.name}.${randomUUID()}`;
    this.#openBytes += sizeBytes;
    this.#open.set(upload, {
      user: request.user,
      announced: parsed.data,
      pieces: [],
      receivedBytes: 0,
      touchedAt: Date.now(),
    });
    return upload;
  }

  async #piece(request: ApiRequest, id: string, n: number): Promise<Answer> {
    const upload = this.#open.get(id);
    if (upload === undefined || upload.user !== request.user)
      throw new DspexError("not_found", `no upload ${JSON.stringify(id.slice(0, 80))}`);
    if (n !== upload.pieces.length)
      throw new DspexError("conflict", `piece ${n} came, ${upload.pieces.length} is next`);
    if (request.data.length === 0) throw new DspexError("invalid_inputs", `piece ${n} is empty`);
    const { announced } = upload;
    upload.touchedAt = Date.now();
    upload.pieces.push(request.data);
    upload.receivedBytes += request.data.length;
    if (request.data.length > MAX_PIECE_BYTES || upload.receivedBytes > announced.sizeBytes) {
      this.#forget(id);
      throw new DspexError("payload_too_large", `piece ${n} goes beyond what was announced`);
    }
    if (upload.receivedBytes < announced.sizeBytes) return { body: {} };
    this.#forget(id);
    const data = Buffer.concat(upload.pieces);
    if (createHash("sha256").update(data).digest("hex") !== announced.sha256) {
      throw new DspexError("invalid_inputs", "the bytes are not those of the announced sha256", {
        path: "sha256",
      });
    }
    const key = `${upload.user}/${announced.sha256}`;
    if ((await this.#bucket.get(key)) === null) await this.#bucket.put(key, data);
    return { body: { $ref: { bucket: VALUE_BUCKET, key, ...announced } } satisfies Reference };
  }

  #openBytesOf(user: string): number {
    let bytes = 0;
    for (const upload of this.#open.values()) if (upload.user === user) bytes += upload.announced.sizeBytes;
    return bytes;
  }

  #forget(id: string): void {
    const upload = this.#open.get(id);
    if (upload === undefined) return;
    this.#open.delete(id);
    this.#openBytes -= upload.announced.sizeBytes;
  }

  #forgetIdle(): void {
    const before = Date.now() - this.#bounds.idleMs;
    for (const [id, upload] of this.#open) if (upload.touchedAt < before) this.#forget(id);
  }
}
