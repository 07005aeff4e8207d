// Calls of the system's API (`dspex-api.<user>.…`, `dspex-admin.<user>.…`): one answer, or an answer in pieces.

import { HEADER } from "../../schemas/envelope/headers.ts";
import { parseJson, stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError, type WireError } from "../../schemas/errors.ts";
import { adminSubject, apiSubject } from "../../schemas/subjects.ts";
import { createHeaders, type Msg, type NatsConnection } from "../bus/connect.ts";

export interface ApiCall {
  /** What follows the user in the subject, e.g. `program.list`. */
  verb: string;
  body?: unknown;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** Of an answer in pieces: ends it with an error when nothing came for so long. */
  silenceMs?: number;
  /** Of an answer in pieces: ends it with an error when the connection was away, since pieces may be missing. */
  endsOnReconnect?: boolean;
  /** Changes something for all users: goes to the admin export. */
  admin?: boolean;
}

export interface Piece {
  value: unknown;
  index: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** Keep-alives come each 15 s; twice that without a word and the server is gone. */
const SILENCE_MS = 35_000;

export class Api {
  readonly #connection: NatsConnection;
  readonly #user: string;
  readonly #onReconnect = new Set<() => void>();

  constructor(connection: NatsConnection, user: string) {
    this.#connection = connection;
    this.#user = user;
    void this.#watchConnection();
  }

  /** Nothing more will be answered: the application has closed its client. */
  get isClosed(): boolean {
    return this.#connection.isClosed() || this.#connection.isDraining();
  }

  /** @throws DspexError with the service's code, or `unavailable` when nobody serves the verb. */
  async request(call: ApiCall): Promise<unknown> {
    const message = await this.#send(call);
    throwIfError(message);
    return message.data.length === 0 ? undefined : parseJson(message.data);
  }

  /** The same with bytes for a body. */
  async requestBytes(verb: string, body: Uint8Array): Promise<unknown> {
    const message = await this.#send({ verb }, body);
    throwIfError(message);
    return message.data.length === 0 ? undefined : parseJson(message.data);
  }

  /** Yields the pieces of one answer until its end; returns true when there is more to ask for. */
  async *pieces(call: ApiCall): AsyncGenerator<Piece, boolean> {
    const messages = this.#messages(call);
    try {
      for (;;) {
        const { value, done } = await messages.next();
        if (done) return value;
        yield { value: parseJson(value.data), index: Number(value.headers?.get(HEADER.index) ?? 0) };
      }
    } finally {
      // A reader that leaves early must not leave the subscription behind.
      await messages.return(false);
    }
  }

  /** Calls back with each message of a subject, and with nothing after a reconnect: one may have been missed. */
  listen(subject: string, onMessage: (body?: unknown) => void): Disposable {
    if (this.isClosed) throw new DspexError("unavailable", "the connection is closed");
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) onMessage(parseJson(message.data));
      },
    });
    const onReconnect = () => onMessage();
    this.#onReconnect.add(onReconnect);
    return {
      [Symbol.dispose]: () => {
        this.#onReconnect.delete(onReconnect);
        subscription.unsubscribe();
      },
    };
  }

  /** Yields the pieces of an answer of bytes. */
  async *bytePieces(call: ApiCall): AsyncGenerator<Uint8Array> {
    for await (const message of this.#messages(call)) yield message.data;
  }

  async *#messages(call: ApiCall): AsyncGenerator<Msg, boolean> {
    const inbox = `_INBOX.${crypto.randomUUID().replaceAll("-", "")}`;
    const subscription = this.#connection.subscribe(inbox);
    const stop = () => subscription.unsubscribe();
    let timer: NodeJS.Timeout | undefined;
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(stop, call.silenceMs ?? SILENCE_MS);
    };
    if (call.endsOnReconnect === true) this.#onReconnect.add(stop);
    try {
      watch();
      this.#connection.publish(this.#subject(call), encode(call.body), {
        reply: inbox,
        headers: headersOf(call),
      });
      for await (const message of subscription) {
        watch();
        if (message.headers?.code === 503) throw unavailable(call);
        throwIfError(message);
        const end = message.headers?.get(HEADER.end);
        if (end === "done" || end === "more") return end === "more";
        if (message.data.length === 0) continue;
        yield message;
      }
      throw new DspexError("unavailable", `${call.verb}: the answer stopped`);
    } finally {
      clearTimeout(timer);
      this.#onReconnect.delete(stop);
      stop();
    }
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#connection.status())
      if (status.type === "reconnect") for (const stop of this.#onReconnect) stop();
  }

  async #send(call: ApiCall, bytes?: Uint8Array): Promise<Msg> {
    try {
      return await this.#connection.request(this.#subject(call), bytes ?? encode(call.body), {
        timeout: call.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        headers: headersOf(call),
      });
    } catch (cause) {
      throw unavailable(call, cause);
    }
  }

  #subject(call: ApiCall): string {
    return call.admin === true ? adminSubject(this.#user, call.verb) : apiSubject(this.#user, call.verb);
  }
}

function encode(body: unknown): string {
  return body === undefined ? "" : stringifyJson(body);
}

function headersOf(call: ApiCall) {
  const headers = createHeaders();
  for (const [name, value] of Object.entries(call.headers ?? {})) headers.set(name, value);
  return headers;
}

function unavailable(call: ApiCall, cause?: unknown): DspexError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new DspexError(
    "unavailable",
    `nobody answered ${call.admin === true ? "admin " : ""}${call.verb}${why}`,
    { cause },
  );
}

function throwIfError(message: Msg): void {
  if (!message.headers?.has(HEADER.serviceErrorCode)) return;
  throw DspexError.fromWire(parseJson(message.data) as WireError);
}
