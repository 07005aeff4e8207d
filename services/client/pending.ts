// What this client waits for: one subscription for all results of the connection, and a look into the log wherever
// the live copy may have been lost (it is sent at most once): after a reconnect, and now and then.

import type { CloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { parseJson } from "../../schemas/envelope/json.ts";
import { isErrorCode } from "../../schemas/error-codes.ts";
import { asDspexError, DspexError } from "../../schemas/errors.ts";
import type { Result } from "../../schemas/messages/result.ts";
import { idOfLiveResultSubject, LOG_STREAM, liveResultsOf, resultSubject } from "../../schemas/subjects.ts";
import type { Msg, NatsConnection, Subscription } from "../bus/connect.ts";

interface Waiting {
  /** Shared by all who wait for this id. */
  promise: Promise<Result>;
  resolve: (result: Result) => void;
  reject: (error: DspexError) => void;
  /** ms since 1970 after which the client gives up by itself. */
  giveUpAt: number;
  lookAt: number;
  lookEveryMs: number;
}

const TICK_MS = 100;
/** First look into the log after this; then ever more seldom. */
const FIRST_LOOK_MS = 2_000;
const SELDOM_LOOK_MS = 15_000;
const LOOKS_AT_ONCE = 64;
/** The router answers the deadline; only when it does not (all is down) the client does. */
const GRACE_MS = 5_000;

export class PendingResults {
  readonly #connection: NatsConnection;
  readonly #user: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #timer: NodeJS.Timeout;
  #looking = 0;

  constructor(connection: NatsConnection, user: string) {
    this.#connection = connection;
    this.#user = user;
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
    void this.#watchConnection();
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Listens for results of `second`: the connection's token, or `x` for chosen ids. */
  listen(second: string): void {
    if (this.#subscriptions.has(second)) return;
    const subscription = this.#connection.subscribe(liveResultsOf(this.#user, second), {
      callback: (error, message) => {
        if (error === null) this.#onLive(message);
      },
    });
    this.#subscriptions.set(second, subscription);
  }

  /** The result of `id`, whatever its status. @throws DspexError `deadline_exceeded` when nobody answered in time. */
  wait(id: string, deadlineMs: number): Promise<Result> {
    const now = Date.now();
    const giveUpAt = now + deadlineMs + GRACE_MS;
    const known = this.#waiting.get(id);
    if (known !== undefined) {
      known.giveUpAt = Math.max(known.giveUpAt, giveUpAt);
      // The id may have been answered long ago, without a live copy to come.
      known.lookAt = now;
      return known.promise;
    }
    const settled = Promise.withResolvers<Result>();
    this.#waiting.set(id, { ...settled, giveUpAt, lookAt: now + FIRST_LOOK_MS, lookEveryMs: FIRST_LOOK_MS });
    return settled.promise;
  }

  /** Looks into the log for `id` soon: for ids that may have been answered before. */
  lookSoon(id: string): void {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) waiting.lookAt = Date.now() + 100;
  }

  /** Ends the wait for `id` with an error: its request was not stored. */
  fail(id: string, error: DspexError): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.reject(error);
  }

  /** The stored result, or undefined while there is none. @throws DspexError `unavailable` */
  async look(id: string): Promise<Result | undefined> {
    let message: Msg;
    try {
      message = await this.#connection.request(`$JS.API.DIRECT.GET.${LOG_STREAM}.${resultSubject(id)}`, "", {
        timeout: 5_000,
      });
    } catch (cause) {
      throw new DspexError("unavailable", `the log did not answer for ${id}: ${(cause as Error).message}`, {
        cause,
      });
    }
    if (message.headers?.code === 404) return undefined;
    return resultIn(id, message);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const subscription of this.#subscriptions.values()) subscription.unsubscribe();
    for (const id of [...this.#waiting.keys()])
      this.fail(id, new DspexError("unavailable", "the client was closed"));
  }

  #onLive(message: Msg): void {
    const headers = message.headers;
    const id = idOfLiveResultSubject(message.subject);
    // Only the server's republish carries these two; anything else under this subject is not from the log.
    if (headers?.get("Nats-Stream") !== LOG_STREAM || headers.get("Nats-Subject") !== resultSubject(id))
      return;
    try {
      this.#settle(id, resultIn(id, message));
    } catch (thrown) {
      this.fail(id, asDspexError(thrown));
    }
  }

  #settle(id: string, result: Result): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.resolve(result);
  }

  #tick(): void {
    const now = Date.now();
    for (const [id, waiting] of this.#waiting) {
      if (now >= waiting.giveUpAt) {
        this.fail(
          id,
          new DspexError(
            "deadline_exceeded",
            `no result for ${id} within its deadline; \`result(id)\` may still find one`,
          ),
        );
      } else if (now >= waiting.lookAt && this.#looking < LOOKS_AT_ONCE) {
        waiting.lookEveryMs = Math.min(waiting.lookEveryMs * 2, SELDOM_LOOK_MS);
        waiting.lookAt = now + waiting.lookEveryMs;
        void this.#lookFor(id);
      }
    }
  }

  async #lookFor(id: string): Promise<void> {
    this.#looking++;
    try {
      const result = await this.look(id);
      if (result !== undefined) this.#settle(id, result);
    } catch (thrown) {
      const error = asDspexError(thrown);
      // While the server is away the next look comes by itself.
      if (error.code !== "unavailable") this.fail(id, error);
    } finally {
      this.#looking--;
    }
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type !== "reconnect") continue;
      const soon = Date.now();
      for (const waiting of this.#waiting.values()) waiting.lookAt = Math.min(waiting.lookAt, soon);
    }
  }
}

/** @throws DspexError `internal` for what is no result: pools run users' code, and a later version has other codes. */
function resultIn(id: string, message: Msg): Result {
  let result: Partial<Result> | undefined;
  try {
    result = (parseJson(message.data) as Partial<CloudEvent<Partial<Result>>> | null)?.data;
  } catch (cause) {
    throw new DspexError("internal", `the stored result of ${id} cannot be read`, { cause });
  }
  if (result?.id !== id || typeof result.status !== "string")
    throw new DspexError("internal", `what is stored as the result of ${id} is none`);
  const { error } = result;
  if (error === undefined || isErrorCode(String(error.code))) return result as Result;
  return {
    ...(result as Result),
    error: { ...error, code: "internal", message: `${error.code}: ${error.message}` },
  };
}
