// What the log knows of one request: its result, or where it stands. Stored results are read by direct get; what is
// open is asked of the routers, whose fold holds exactly that.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseRequestId } from "../../schemas/envelope/ids.ts";
import { DspexError } from "../../schemas/errors.ts";
import type { Result } from "../../schemas/messages/result.ts";
import {
  liveResultSubject,
  OPEN_REQUEST_SUBJECT,
  resultSubject,
  USER_EVENTS,
} from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import type { LogReader, StoredMessage } from "../log/read.ts";

/** Sequences of what the log holds of a request that has no result yet. */
export interface OpenStory {
  request: number;
  work: number[];
  failures: number[];
}

const LOOK_MS = 5_000;

export class RequestLookup {
  readonly #connection: NatsConnection;
  readonly #reader: LogReader;

  constructor(connection: NatsConnection, reader: LogReader) {
    this.#connection = connection;
    this.#reader = reader;
  }

  /** The id in the tail of a subject, checked to be one of `user`. @throws DspexError `not_found` for another's or none. */
  ownId(user: string, tokens: readonly string[]): string {
    const id = tokens.join(".");
    const parsed = parseRequestId(id.includes(".") ? id : `${user}.x.${id}`);
    // Another user's id is as unknown as one that never was.
    if (parsed === undefined || parsed.user !== user)
      throw new DspexError("not_found", `no request ${JSON.stringify(id.slice(0, 200))}`);
    return id.includes(".") ? id : `${user}.x.${id}`;
  }

  async storedResult(id: string): Promise<{ message: StoredMessage; result: Result } | undefined> {
    const message = await this.#reader.last(resultSubject(id));
    if (message === null) return undefined;
    return { message, result: (message.json() as CloudEvent<Result>).data };
  }

  /** The result, as soon as it is stored; undefined after `waitMs`. */
  async awaitResult(
    id: string,
    waitMs: number,
  ): Promise<{ message: StoredMessage; result: Result } | undefined> {
    const until = performance.now() + waitMs;
    let arrived = Promise.withResolvers<void>();
    const subscription = this.#connection.subscribe(liveResultSubject(id), {
      callback: () => arrived.resolve(),
    });
    try {
      // Looked for after the subscription is there: a result cannot fall between the two.
      await this.#connection.flush();
      for (;;) {
        const stored = await this.storedResult(id);
        const leftMs = until - performance.now();
        if (stored !== undefined || leftMs <= 0) return stored;
        // What is told while the connection is away is told to nobody.
        const timer = setTimeout(arrived.resolve, Math.min(leftMs, LOOK_MS));
        await arrived.promise;
        clearTimeout(timer);
        arrived = Promise.withResolvers();
      }
    } finally {
      subscription.unsubscribe();
    }
  }

  /** Where an unfinished request stands; undefined when no router knows it. */
  async open(id: string): Promise<OpenStory | undefined> {
    try {
      // A router's fold may lag behind the request that was stored a moment ago: it answers when it has passed that.
      const [user = ""] = id.split(".", 1);
      const newest = await this.#reader.last(USER_EVENTS.request(user));
      const after = newest?.sequence ?? 0;
      const reply = await this.#connection.request(OPEN_REQUEST_SUBJECT, JSON.stringify({ id, after }), {
        timeout: 2_000,
      });
      const { open } = reply.json() as { open: OpenStory | null };
      return open ?? undefined;
    } catch (cause) {
      throw new DspexError("unavailable", `no router answered where ${id} stands`, { cause });
    }
  }
}
