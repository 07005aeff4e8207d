// Follows the log from a sequence, in order and without a gap, for the folds of one process. The consumer itself is
// made by the keeper on request (parts may not create one); whenever the connection was lost or a gap shows,
// it is made again just after the last message that was handed on.

import { type ConsumerInfo, type ConsumerMessages, type JsMsg, jetstream } from "@nats-io/jetstream";
import { z } from "zod";
import { DspexError, type WireError } from "../../schemas/errors.ts";
import { followSetupSubject } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { deliveryInfo } from "./delivery-info.ts";
import { LogMessage } from "./message.ts";

export interface FollowOptions {
  /** The role whose row of the roles table says what may be read. */
  role: string;
  /** Number of this process among those of its role. */
  n: number;
  /** First sequence wanted; 1 = from the beginning. */
  fromSequence: number;
  /** Narrower filters than the role's row; absent = the whole row. */
  filters?: readonly string[] | undefined;
  /** Called once a message, in order. What it throws ends the follower: a fold that cannot go on must not skip. */
  onMessage: (message: LogMessage) => void;
  /** Messages asked for ahead; 1,000 to 20,000 replays fastest. */
  prefetch?: number;
}

const followReplySchema = z.looseObject({
  consumer: z.unknown(),
  lastSequence: z.number().int().nonnegative(),
});

const RETRY_MS = 250;
/**
 * Roles with an account of their own: what they pull is an answer that crosses accounts, and there the server takes a
 * message without body and headers for the answer's end. A user may have sent one as a request.
 */
const ACROSS_ACCOUNTS: ReadonlySet<string> = new Set(["operator"]);

export class Follower {
  readonly #connection: NatsConnection;
  readonly #options: FollowOptions;
  readonly #caughtUp = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<Error | undefined>();
  #messages: ConsumerMessages | undefined;
  #position: number;
  /** Last sequence of the stream when the consumer was made: at or beyond it the follower is live. */
  #liveFrom = Number.POSITIVE_INFINITY;
  #expectedDelivery = 1;
  #generation = 0;
  #stopped = false;

  constructor(connection: NatsConnection, options: FollowOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#position = options.fromSequence - 1;
  }

  /** Sequence of the last message handed on (or known to be none of ours). */
  get position(): number {
    return this.#position;
  }

  /** Resolves when everything that was in the log at the start has been handed on. */
  get caughtUp(): Promise<void> {
    return this.#caughtUp.promise;
  }

  /** Resolves when the follower ended: with the error that ended it, or with undefined after `stop`. */
  get ended(): Promise<Error | undefined> {
    return this.#ended.promise;
  }

  /** Starts; returns once the first consumer is there. @throws DspexError when the keeper refuses. */
  async start(): Promise<this> {
    await this.#open();
    void this.#watchConnection();
    return this;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#messages?.stop();
    this.#ended.resolve(undefined);
  }

  async #open(): Promise<void> {
    const generation = ++this.#generation;
    this.#messages?.stop();
    const info = await this.#makeConsumer(generation);
    if (info === undefined || this.#stopped || generation !== this.#generation) return;
    this.#expectedDelivery = 1;
    const consumer = jetstream(this.#connection).consumers.getConsumerFromInfo(info);
    this.#messages = await consumer.consume({
      bind: true,
      max_messages: this.#options.prefetch ?? 2_000,
      callback: (message) => this.#onMessage(generation, message),
    });
  }

  /** Asks the keeper until it answers: while it restarts, followers wait. */
  async #makeConsumer(generation: number): Promise<ConsumerInfo | undefined> {
    const { role, n, filters } = this.#options;
    while (!this.#stopped && generation === this.#generation) {
      const body = JSON.stringify({
        fromSequence: this.#position + 1,
        ...(filters !== undefined && { filters }),
      });
      let reply: unknown;
      try {
        reply = (
          await this.#connection.request(followSetupSubject(role, n), body, { timeout: 5_000 })
        ).json();
      } catch (cause) {
        if (this.#connection.isClosed())
          throw new DspexError("unavailable", "the NATS connection is closed", { cause });
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      if (typeof reply === "object" && reply !== null && "code" in reply) {
        throw DspexError.fromWire(reply as WireError);
      }
      const { consumer, lastSequence } = followReplySchema.parse(reply);
      const info = consumer as ConsumerInfo;
      this.#liveFrom = lastSequence;
      if (info.num_pending === 0) {
        this.#position = Math.max(this.#position, lastSequence);
        this.#caughtUp.resolve();
      }
      return info;
    }
    return undefined;
  }

  #onMessage(generation: number, message: JsMsg): void {
    if (generation !== this.#generation || this.#stopped) return;
    const info = deliveryInfo(message);
    if (info.order !== this.#expectedDelivery) {
      this.#reopen();
      return;
    }
    this.#expectedDelivery++;
    try {
      this.#options.onMessage(new LogMessage(message, info));
    } catch (error) {
      this.#stopped = true;
      this.#messages?.stop();
      this.#ended.resolve(error as Error);
      this.#caughtUp.reject(error);
      return;
    }
    this.#position = info.sequence;
    if (info.pending === 0 || info.sequence >= this.#liveFrom) this.#caughtUp.resolve();
    const isEmpty = message.data.length === 0 && message.headers === undefined;
    if (isEmpty && ACROSS_ACCOUNTS.has(this.#options.role)) this.#reopen();
  }

  #reopen(): void {
    this.#open().catch((error: Error) => {
      if (!this.#stopped) this.#ended.resolve(error);
    });
  }

  async #watchConnection(): Promise<void> {
    this.#caughtUp.promise.catch(() => {});
    for await (const status of this.#connection.status()) {
      if (this.#stopped) return;
      if (status.type === "reconnect") this.#reopen();
    }
  }
}

/** Follows the log; see `FollowOptions`. The stream is the log unless told otherwise. */
export function follow(connection: NatsConnection, options: FollowOptions): Promise<Follower> {
  return new Follower(connection, options).start();
}
