// Follows the log while there is something that is to be judged by it, each from its own beginning: a contest, a trial. When
// others come or go it is followed anew, from where those are that go on.
//
//   what is wanted now ─▶ same as before? go on │ else follow from the earliest that is not seen yet ─▶ onMessage

import type { Logger } from "pino";
import type { NatsConnection } from "../bus/connect.ts";
import { type Follower, follow } from "./follow.ts";
import type { LogMessage } from "./message.ts";

export interface FollowWhileOptions {
  connection: NatsConnection;
  role: string;
  /** Number of the follower among those of its role. */
  n: number;
  filters: readonly string[];
  logger: Logger;
  /** What is to be judged now, by key, with the last sequence that does not count. */
  wanted: () => ReadonlyMap<string, number>;
  /** Resolves when that may be others. */
  changed: () => Promise<void>;
  /** `isNew`: whether what has that key has not seen the message. */
  onMessage: (message: LogMessage, isNew: (key: string) => boolean) => void;
}

const RETRY_MS = 1_000;

export class FollowWhile {
  readonly #options: FollowWhileOptions;
  #follower: Follower | undefined;
  /** By key: up to here it has seen the log. */
  #seen = new Map<string, number>();
  #key = "";
  /** Last message that was handed on. */
  #position = 0;
  #again = Promise.withResolvers<void>();
  #isStopped = false;

  constructor(options: FollowWhileOptions) {
    this.#options = options;
  }

  start(): this {
    void this.#run();
    return this;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** What is wanted may be others, though nothing has changed. */
  look(): void {
    this.#again.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.look();
    await this.#follower?.stop();
  }

  async #run(): Promise<void> {
    const { changed, logger } = this.#options;
    while (!this.#isStopped) {
      this.#again = Promise.withResolvers();
      const next = Promise.race([changed(), this.#again.promise]);
      try {
        await this.#follow();
      } catch (error) {
        if (this.#isStopped) return;
        logger.warn({ error: String(error) }, "not followed yet");
        this.#key = "";
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        continue;
      }
      await next;
    }
  }

  async #follow(): Promise<void> {
    const { connection, role, n, filters, wanted, onMessage } = this.#options;
    const now = wanted();
    const key = [...now.keys()].sort().join(" ");
    if (key === this.#key) return;
    this.#key = key;
    const before = this.#follower;
    this.#follower = undefined;
    await before?.stop();
    const seen = new Map<string, number>();
    for (const [one, since] of now) {
      const known = this.#seen.get(one);
      seen.set(one, known === undefined ? since : Math.max(known, this.#position));
    }
    this.#seen = seen;
    if (seen.size === 0 || this.#isStopped) return;
    this.#position = 0;
    this.#follower = await follow(connection, {
      role,
      n,
      fromSequence: Math.min(...seen.values()) + 1,
      filters,
      onMessage: (message) => {
        this.#position = message.sequence;
        onMessage(message, (one) => message.sequence > (seen.get(one) ?? Number.POSITIVE_INFINITY));
      },
    });
  }
}
