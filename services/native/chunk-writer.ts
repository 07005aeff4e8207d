// Streams the outputs of one attempt to whoever reads: into the chunk stream, one chunk on its way at a time, so that
// they are stored in order and none twice. What a model says meanwhile gathers into the next one. Readers that asked for
// it hold the model up: it goes no further than the slowest has room for.
//
//   write ─▶ what may be said ─▶ waiting ─▶ [on its way] ─▶ stored ─▶ the next
//     └ waits while a reader has no room, or too much is waiting

import { stringifyJson } from "../../schemas/envelope/json.ts";
import type { Chunk } from "../../schemas/messages/chunk.ts";
import type { Credit } from "../../schemas/messages/control.ts";
import type { Work } from "../../schemas/messages/work.ts";
import type { WireValues } from "../../schemas/signature/mod.ts";
import { chunkSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import type { FieldPiece } from "./adapters/json-fields.ts";
import { StreamReaders } from "./stream-readers.ts";
import { MAX_CHUNK_TEXT, WrittenOutputs, wholePieces } from "./written-outputs.ts";

/** While the server is away; then a chunk is missing, which its readers see by the index. */
const STORE_MS = 10_000;
/** The result does not wait longer than this for its last chunks. */
const FINISH_MS = 2_000;

export class ChunkWriter {
  readonly #appender: Appender;
  readonly #work: Work;
  readonly #delivery: number;
  readonly #written = new WrittenOutputs();
  readonly #readers: StreamReaders;
  readonly #waiting: FieldPiece[] = [];
  #waitingSize = 0;
  #index = 0;
  /** The next chunk says that what came before is void. */
  #restarts = false;
  #isSending = false;
  /** The model is done: nobody is waited for. */
  #isEnding = false;
  #isAbandoned = false;
  #timer: NodeJS.Timeout | undefined;
  #changed = Promise.withResolvers<void>();

  /** `delivery`: the consumer's delivery count, which tells readers of a second run from the first. */
  constructor(appender: Appender, work: Work, delivery: number) {
    this.#appender = appender;
    this.#work = work;
    this.#delivery = delivery;
    this.#readers = new StreamReaders(work.attempt, delivery);
  }

  /** Resolves when there is room for more, and when `signal` is aborted. */
  async write(piece: FieldPiece, signal: AbortSignal): Promise<void> {
    const said = this.#written.add(piece);
    if (said !== undefined) this.#add(said);
    if (!this.#mustWait) return;
    const aborted = Promise.withResolvers<void>();
    const onAbort = () => aborted.resolve();
    signal.addEventListener("abort", onAbort);
    try {
      while (this.#mustWait && !signal.aborted) await Promise.race([this.#changed.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** The implementation begins again: what it said is void. */
  restart(): void {
    this.#written.clear();
    this.#waiting.length = 0;
    this.#waitingSize = 0;
    this.#restarts = this.#index > 0;
  }

  /** Says what of the outputs was not said yet, and that this was all. */
  async finish(outputs: WireValues): Promise<void> {
    this.#isEnding = true;
    const missing = this.#written.missing(outputs);
    if (missing === undefined) this.restart();
    for (const piece of missing ?? wholePieces(outputs)) this.#add(piece);
    const timer = setTimeout(() => this.abandon(), FINISH_MS);
    while (this.#isSending && !this.#isAbandoned) await this.#changed.promise;
    if (!this.#isAbandoned)
      await Promise.race([this.#store({ text: "", final: true }), this.#changed.promise]);
    clearTimeout(timer);
    this.abandon();
  }

  hear(credit: Credit): void {
    this.#readers.hear(credit, performance.now());
    this.#pump();
    this.#wake();
  }

  abandon(): void {
    this.#isAbandoned = true;
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
    this.#waitingSize = 0;
    this.#wake();
  }

  get #isHeldUp(): boolean {
    return !this.#isEnding && this.#index > this.#readers.limit(performance.now());
  }

  get #mustWait(): boolean {
    if (this.#isAbandoned) return false;
    return this.#waitingSize > MAX_CHUNK_TEXT || (this.#waiting.length > 0 && this.#isHeldUp);
  }

  #add(piece: FieldPiece): void {
    const last = this.#waiting.at(-1);
    const isSame = last?.field === piece.field && last.json === piece.json;
    if (isSame && (piece.json !== true || last.text.length + piece.text.length <= MAX_CHUNK_TEXT))
      last.text += piece.text;
    else this.#waiting.push({ ...piece });
    this.#waitingSize += piece.text.length;
    this.#pump();
  }

  #pump(): void {
    if (this.#isSending || this.#isAbandoned || this.#waiting.length === 0) return;
    if (this.#isHeldUp) {
      this.#lookAgainLater();
      return;
    }
    void this.#store(this.#take()).finally(() => {
      this.#isSending = false;
      this.#pump();
      this.#wake();
    });
  }

  /** The first that waits, as much of it as fits; JSON may not be cut anywhere, and was made to fit. */
  #take(): FieldPiece {
    const [first] = this.#waiting as [FieldPiece];
    const isWhole = first.json === true || first.text.length <= MAX_CHUNK_TEXT;
    const text = isWhole ? first.text : cutAt(first.text, MAX_CHUNK_TEXT);
    this.#waitingSize -= text.length;
    if (text.length === first.text.length) this.#waiting.shift();
    else first.text = first.text.slice(text.length);
    return { ...first, text };
  }

  async #store(said: Pick<Chunk, "field" | "text" | "json" | "final">): Promise<void> {
    this.#isSending = true;
    const { id, attempt } = this.#work;
    const chunk: Chunk = {
      id,
      attempt,
      delivery: this.#delivery,
      index: this.#index++,
      ...said,
      ...(this.#restarts && { restarted: true }),
    };
    this.#restarts = false;
    await this.#appender
      .append(chunkSubject(id), stringifyJson(chunk), { timeoutMs: STORE_MS })
      // One that could not be stored is missing for readers of the stream; the result has it all.
      .catch(() => undefined);
  }

  /** A reader that is silent for too long is not waited for. */
  #lookAgainLater(): void {
    const atMs = this.#readers.changesAtMs;
    if (atMs === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#pump();
        this.#wake();
      },
      Math.max(atMs - performance.now(), 0) + 1,
    );
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Not between the halves of a character. */
function cutAt(text: string, length: number): string {
  return /[\ud800-\udbff]$/.test(text.slice(0, length)) ? text.slice(0, length - 1) : text.slice(0, length);
}
