// The chunks of one request behind a place, from the gateway, for as long as there are some: over lost connections and
// gateways that die it asks again from where it is. With back-pressure it tells how far it has come, also while its reader
// takes its time.

import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type ChunkPlace, isAfter } from "../../schemas/envelope/chunk-order.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import type { Chunk } from "../../schemas/messages/chunk.ts";
import type { Api } from "./api.ts";

export interface FollowOptions {
  after: ChunkPlace | undefined;
  /** Chunks that the producer may be ahead; absent = it does not wait. */
  room: number | undefined;
  /** The request was sent by this client: who does not know it is behind. */
  isOwn: boolean;
  /** There is a result, so chunks that nobody hands out need not be waited for. */
  hasResult(): Promise<boolean>;
}

/** Keep-alives come each 1.5 s. */
const SILENCE_MS = 4_500;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
/** Without any answer: while there is a result, and while there is none. */
const GIVE_UP_WITH_RESULT_MS = 2_000;
const GIVE_UP_MS = 60_000;
/** A request that the log does not know after this was never sent. */
const STORED_BY_MS = 1_000;
const RENEW_MS = 3_000;
/** A reader that takes nothing for so long is not waited for any more. */
const STALLED_MS = 60_000;

/** @throws DspexError */
export async function* followChunks(api: Api, id: string, options: FollowOptions): AsyncGenerator<Chunk> {
  const follower = new Follower(api, id, options);
  try {
    yield* follower.chunks();
  } finally {
    follower.leave();
  }
}

class Follower {
  readonly #api: Api;
  readonly #verb: string;
  readonly #options: FollowOptions;
  readonly #reader = randomBytes(9).toString("hex");
  readonly #renewing: NodeJS.Timeout | undefined;
  #place: ChunkPlace | undefined;
  #takenAtMs = performance.now();
  /** In a row. */
  #failures = 0;
  /** When the first of them came. */
  #troubleSinceMs = 0;
  #isKnown: boolean;

  constructor(api: Api, id: string, options: FollowOptions) {
    this.#api = api;
    this.#verb = `chunks.${id}`;
    this.#options = options;
    this.#place = options.after;
    this.#isKnown = options.isOwn;
    if (options.room !== undefined) this.#renewing = setInterval(() => this.#renew(), RENEW_MS).unref();
  }

  async *chunks(): AsyncGenerator<Chunk> {
    let hasMore = true;
    while (hasMore) {
      try {
        hasMore = yield* this.#answer();
      } catch (thrown) {
        if (this.#failures++ === 0) this.#troubleSinceMs = performance.now();
        const error = asDspexError(thrown);
        if (!this.#isForNow(error)) throw error;
        if (await this.#isOver()) return;
        if (!this.#options.isOwn && this.#troubleMs > GIVE_UP_MS) throw error;
        await pause(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 10), LONGEST_PAUSE_MS));
      }
    }
  }

  leave(): void {
    if (this.#renewing === undefined) return;
    clearInterval(this.#renewing);
    this.#say({ reader: this.#reader });
  }

  /** Returns whether there is more to ask for. @throws DspexError `unavailable` where a piece was lost on its way. */
  async *#answer(): AsyncGenerator<Chunk, boolean> {
    const body = { ...this.#position(), ...this.#credit() };
    const answer = this.#api.pieces({
      verb: this.#verb,
      body,
      silenceMs: SILENCE_MS,
      endsOnReconnect: true,
    });
    let pieces = 0;
    let isFinal: boolean | undefined;
    try {
      for (;;) {
        const { value, done } = await answer.next();
        this.#isKnown = true;
        // The last piece may be the lost one: whoever has had some asks again until one says that it is the last.
        if (done) return value || isFinal === false;
        if (value.index !== pieces++) throw new DspexError("unavailable", `piece ${pieces - 1} was lost`);
        this.#failures = 0;
        const chunk = value.value as Chunk;
        if (this.#place !== undefined && !isAfter(chunk, this.#place)) continue;
        this.#place = chunk;
        isFinal = chunk.final === true;
        this.#takenAtMs = performance.now();
        yield chunk;
      }
    } finally {
      await answer.return(false);
    }
  }

  get #troubleMs(): number {
    return performance.now() - this.#troubleSinceMs;
  }

  #isForNow({ code }: DspexError): boolean {
    // It may have been sent a moment ago.
    if (code === "not_found") return this.#isKnown || this.#troubleMs < STORED_BY_MS;
    return code === "unavailable" || code === "overloaded";
  }

  async #isOver(): Promise<boolean> {
    return this.#troubleMs > GIVE_UP_WITH_RESULT_MS && (await this.#options.hasResult());
  }

  #position() {
    if (this.#place === undefined) return {};
    const { attempt, delivery, index } = this.#place;
    return { attempt, delivery, after: index };
  }

  #credit() {
    const { room } = this.#options;
    return room === undefined ? {} : { reader: this.#reader, room };
  }

  #renew(): void {
    if (performance.now() - this.#takenAtMs > STALLED_MS) return;
    this.#say({ ...this.#position(), ...this.#credit(), renew: true });
  }

  /** Lost is lost: the next one comes soon, and who is silent is not waited for. */
  #say(body: object): void {
    this.#api.request({ verb: this.#verb, body }).catch(() => {});
  }
}
