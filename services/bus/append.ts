// Appends to the log over one shared ack inbox: a promise and a small record each, one coarse timer for all.
// nats.js's own publish() costs an AsyncIterator and a timer a message, which halves the rate.
//
//   append() ─▶ window ─▶ publish, reply = <inbox>.<n> ─▶ server stores ─▶ PubAck on <inbox>.<n> ─▶ resolve
//                 ▲ full: waits                             refused / no responders / silence ─▶ reject / try again

import { randomBytes } from "node:crypto";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { DspexError } from "../../schemas/errors.ts";
import { AppendRefused, isLogFull, type RefusedPublish } from "./append-errors.ts";
import { createHeaders, type Msg, type MsgHdrs, type NatsConnection, roleInboxPrefix } from "./connect.ts";

export interface AppendOptions {
  headers?: MsgHdrs | undefined;
  /** Store only if the last sequence of `expectedSubject` (default: the subject itself) is this one; 0 = none yet. */
  expectedLastSequence?: number | undefined;
  /** A subject or wildcard that `expectedLastSequence` speaks of. */
  expectedSubject?: string | undefined;
  /**
   * Asked before the message is sent again: its sequence if the log has it already. For what no expectation keeps from
   * being stored twice. @throws while it cannot be told: then it is asked again later.
   */
  findStored?: (() => Promise<number | undefined>) | undefined;
  /** How long to try while the server is away, silent or full, ms from now. */
  timeoutMs?: number | undefined;
}

export interface AppenderSettings {
  /** Most messages on the way at once; more wait in `append`. */
  window?: number;
  /** Silence after which the same message is sent again, ms. */
  ackWaitMs?: number;
}

interface Pending {
  subject: string;
  data: Uint8Array;
  headers: MsgHdrs | undefined;
  findStored: (() => Promise<number | undefined>) | undefined;
  resolve: (sequence: number) => void;
  reject: (error: DspexError) => void;
  /** performance.now() after which it is sent again. */
  resendAt: number;
  backoffMs: number;
  giveUpAt: number;
  full: boolean;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;
const TICK_MS = 50;
const DEFAULT_TIMEOUT_MS = 300_000;

/**
 * The appender of a part: its ack inbox lies under its role's own prefix. Random, because late acks for a predecessor
 * must not count for its successor: in a container both have process id 1.
 */
export function appenderOf(connection: NatsConnection, part: { role: string; instance: number }): Appender {
  const life = randomBytes(9).toString("hex");
  return new Appender(connection, `${roleInboxPrefix(part.role)}.ack-${part.instance}-${life}`);
}

export class Appender {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #pending = new Map<number, Pending>();
  readonly #waiting: (() => void)[] = [];
  readonly #window: number;
  readonly #ackWaitMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #subscription: { unsubscribe(): void };
  #next = 1;
  #closed = false;
  #isConnected = true;

  constructor(connection: NatsConnection, inbox: string, settings: AppenderSettings = {}) {
    this.#connection = connection;
    this.#inbox = inbox;
    this.#window = settings.window ?? 1_024;
    this.#ackWaitMs = settings.ackWaitMs ?? 5_000;
    this.#subscription = connection.subscribe(`${inbox}.*`, {
      callback: (_error, message) => this.#onAck(message),
    });
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
    void this.#watchConnection();
  }

  /** Messages sent and not yet acknowledged. */
  get inFlight(): number {
    return this.#pending.size;
  }

  /**
   * Appends one message and returns its sequence once the server has stored it. Waits while the window is full.
   * @throws AppendRefused when the server refuses it (`isWrongLastSequence` tells a lost race);
   *   DspexError `unavailable` / `overloaded` when it could not be stored before `timeoutMs`.
   */
  append(subject: string, data: Uint8Array | string, options: AppendOptions = {}): Promise<number> {
    if (this.#closed) return Promise.reject(new DspexError("unavailable", "the appender is closed"));
    if (this.#pending.size < this.#window) return this.#send(subject, data, options);
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() =>
      this.append(subject, data, options),
    );
  }

  /** Rejects what is still pending; append afterwards is refused. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#subscription.unsubscribe();
    for (const pending of this.#pending.values())
      pending.reject(new DspexError("unavailable", "the appender was closed"));
    this.#pending.clear();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #send(subject: string, data: Uint8Array | string, options: AppendOptions): Promise<number> {
    return new Promise((resolve, reject) => {
      const now = performance.now();
      const pending: Pending = {
        subject,
        // Node writes a Buffer's bytes a good deal faster than the client library encodes a string.
        data: typeof data === "string" ? Buffer.from(data) : data,
        headers: withExpectation(options),
        findStored: options.findStored,
        resolve,
        reject,
        resendAt: now + this.#ackWaitMs,
        backoffMs: FIRST_BACKOFF_MS,
        giveUpAt: now + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
        full: false,
      };
      const n = this.#next++;
      this.#pending.set(n, pending);
      this.#publish(n, pending);
    });
  }

  #publish(n: number, pending: Pending): void {
    // The library would keep it, and send it once more than is known here.
    if (!this.#isConnected) return;
    try {
      this.#connection.publish(pending.subject, pending.data, {
        reply: `${this.#inbox}.${n}`,
        ...(pending.headers !== undefined && { headers: pending.headers }),
      });
    } catch (cause) {
      if (this.#connection.isClosed())
        this.#settle(n, new DspexError("unavailable", "the NATS connection is closed", { cause }));
      else
        this.#settle(
          n,
          new DspexError("payload_too_large", `${pending.subject}: ${(cause as Error).message}`, { cause }),
        );
    }
  }

  #onAck(message: Msg): void {
    const n = Number(message.subject.slice(this.#inbox.length + 1));
    const pending = this.#pending.get(n);
    if (pending === undefined) return;
    // A status header without a body is the server's "no responders": the stream has no leader just now.
    if (message.data.length === 0) {
      this.#backOff(pending);
      return;
    }
    const text = message.string();
    const stored = sequenceIn(text);
    if (stored !== undefined) {
      this.#settle(n, stored);
      return;
    }
    const ack = JSON.parse(text) as { error?: RefusedPublish };
    const refused = ack.error ?? {
      code: 500,
      err_code: 0,
      description: "an acknowledgement without a sequence",
    };
    pending.full = isLogFull(refused);
    if (pending.full || refused.code === 503) this.#backOff(pending);
    else this.#settle(n, new AppendRefused(pending.subject, refused));
  }

  #backOff(pending: Pending): void {
    pending.resendAt = performance.now() + pending.backoffMs * (0.75 + Math.random() / 2);
    pending.backoffMs = Math.min(pending.backoffMs * 2, LONGEST_BACKOFF_MS);
  }

  #settle(n: number, outcome: number | DspexError): void {
    const pending = this.#pending.get(n);
    if (pending === undefined) return;
    this.#pending.delete(n);
    if (typeof outcome === "number") pending.resolve(outcome);
    else pending.reject(outcome);
    this.#waiting.shift()?.();
  }

  /** What was on the way when the connection was lost may never have arrived: send it again at once. */
  async #watchConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (this.#closed) return;
      if (status.type === "disconnect") this.#isConnected = false;
      if (status.type !== "reconnect") continue;
      this.#isConnected = true;
      const now = performance.now();
      for (const pending of this.#pending.values()) pending.resendAt = now;
    }
  }

  #tick(): void {
    if (this.#pending.size === 0) return;
    const now = performance.now();
    for (const [n, pending] of this.#pending) {
      if (now >= pending.giveUpAt) {
        const code = pending.full ? "overloaded" : "unavailable";
        this.#settle(
          n,
          new DspexError(
            code,
            `${pending.subject}: not stored in time, the log ${pending.full ? "is full" : "did not answer"}`,
          ),
        );
      } else if (now >= pending.resendAt) {
        this.#backOff(pending);
        pending.resendAt = Math.max(pending.resendAt, now + this.#ackWaitMs);
        if (pending.findStored === undefined) this.#publish(n, pending);
        else if (this.#isConnected) void this.#publishUnlessStored(n, pending, pending.findStored);
      }
    }
  }

  async #publishUnlessStored(
    n: number,
    pending: Pending,
    findStored: () => Promise<number | undefined>,
  ): Promise<void> {
    let stored: number | undefined;
    try {
      stored = await findStored();
    } catch {
      return; // the server is away again: the next tick that is due asks anew
    }
    if (this.#pending.get(n) !== pending) return;
    if (stored === undefined) this.#publish(n, pending);
    else this.#settle(n, stored);
  }
}

const STORED = /^\{"stream":"[A-Za-z0-9_-]+",(?: ?"domain":"[^"]*",)? ?"seq":([0-9]+)/;

/** The sequence in a PubAck that says so; undefined for any other answer. */
function sequenceIn(ack: string): number | undefined {
  const match = STORED.exec(ack);
  return match === null ? undefined : Number(match[1]);
}

/** Never changed after it is made: results without a trace all have the same one header. */
const NOTHING_BEFORE = createHeaders();
NOTHING_BEFORE.set(HEADER.expectedLastSubjectSequence, "0");

function withExpectation({
  headers,
  expectedLastSequence,
  expectedSubject,
}: AppendOptions): MsgHdrs | undefined {
  if (expectedLastSequence === undefined) return headers;
  if (expectedLastSequence === 0 && expectedSubject === undefined && headers === undefined)
    return NOTHING_BEFORE;
  const all = headers ?? createHeaders();
  all.set(HEADER.expectedLastSubjectSequence, String(expectedLastSequence));
  if (expectedSubject !== undefined) all.set(HEADER.expectedLastSubjectSequenceSubject, expectedSubject);
  return all;
}
