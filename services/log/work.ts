// Durable work: messages of a consumer that several processes share, each acknowledged only when what follows from
// it is stored. What is held is reported as in progress, so the server gives it to another only when we are gone.
//
//   deliver ─▶ too often? ─yes─▶ onDeadLetter ─▶ term
//               └no─▶ handle ─▶ resolved: ack · threw: nak after a pause, until too often
//                                              · threw what no second try mends: onDeadLetter at once

import { type ConsumerInfo, type ConsumerMessages, type JsMsg, jetstream } from "@nats-io/jetstream";
import type { ErrorCode } from "../../schemas/error-codes.ts";
import { asDspexError, type DspexError } from "../../schemas/errors.ts";
import { LOG_STREAM } from "../../schemas/subjects.ts";
import type { NatsConnection } from "../bus/connect.ts";
import { deliveryInfo } from "./delivery-info.ts";
import { LogMessage } from "./message.ts";
import { PauseWatch } from "./pause-watch.ts";

/** The log's clock and ours. */
const CLOCKS_APART_MS = 2_000;

export class Delivery extends LogMessage {
  /** 1 = first time; more = somebody had it before and did not acknowledge. */
  readonly deliveries: number;
  readonly #pauses: PauseWatch;
  readonly #takenAtMs = performance.now();
  readonly #isFromBefore: boolean;
  #message: JsMsg;
  #settled = false;

  /** A server that was killed forgets what it delivered last: after `connectedAtMs` it delivers it as for the first time. */
  constructor(message: JsMsg, pauses: PauseWatch, connectedAtMs: number) {
    const info = deliveryInfo(message);
    super(message, info);
    this.deliveries = info.deliveries;
    this.#message = message;
    this.#pauses = pauses;
    this.#isFromBefore = this.timeMs < connectedAtMs + CLOCKS_APART_MS;
  }

  /** Somebody else may have it, or have had it: look before doing it. */
  get isDoubtful(): boolean {
    return this.deliveries > 1 || this.#isFromBefore || this.#pauses.concerns(this.#takenAtMs);
  }
  /** The same message came again while it is held: from now on the newer delivery is the one to acknowledge. */
  renew(again: Delivery): void {
    this.#message = again.#message;
  }

  get settled(): boolean {
    return this.#settled;
  }
  ack(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#message.ack();
  }
  /** Gives it back; the server delivers it again after `delayMs`. */
  nak(delayMs: number): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#message.nak(delayMs);
  }
  /** Never deliver it again. */
  term(reason: string): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#message.term(reason);
  }
  inProgress(): void {
    if (!this.#settled) this.#message.working();
  }
}

export interface WorkOptions {
  consumer: string;
  stream?: string;
  /** Messages held at once at most. */
  maxHeld: number;
  /** The consumer's ack_wait, ms; in-progress is sent three times as often. */
  ackWaitMs: number;
  /** Deliveries after which a message goes to `onDeadLetter`. */
  maxDeliveries: number;
  /** Handles one message; resolve = done, acknowledge. It may settle the delivery itself before. */
  handle: (delivery: Delivery) => Promise<void> | undefined;
  /** Stores the message where a person can find it; it is terminated afterwards. */
  onDeadLetter: (delivery: Delivery, lastError: DspexError | undefined) => Promise<void>;
  /** Told of each failure; the message is delivered again. */
  onError: (error: DspexError, delivery: Delivery) => void;
}

const NAK_BASE_MS = 250;
const NAK_MAX_MS = 10_000;
/** What the message itself is to blame for. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(["invalid_inputs", "payload_too_large"]);

export class WorkConsumer {
  readonly #connection: NatsConnection;
  readonly #options: WorkOptions;
  /** By sequence. */
  readonly #held = new Map<number, Delivery>();
  readonly #pauses: PauseWatch;
  readonly #lastErrors = new Map<number, DspexError>();
  #messages: ConsumerMessages | undefined;
  #timer: NodeJS.Timeout | undefined;
  #connectedAtMs = Number.NEGATIVE_INFINITY;
  #idle: (() => void) | undefined;

  constructor(connection: NatsConnection, options: WorkOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#pauses = new PauseWatch(options.ackWaitMs);
  }

  get held(): number {
    return this.#held.size;
  }

  async start(): Promise<this> {
    const { consumer: name, stream = LOG_STREAM, maxHeld, ackWaitMs } = this.#options;
    // Parts may not ask for the consumer's info: the keeper made it with a configuration that the code relies on.
    const info = { stream_name: stream, name, config: { durable_name: name } } as unknown as ConsumerInfo;
    const consumer = jetstream(this.#connection).consumers.getConsumerFromInfo(info);
    // What a server forgot before this process came may have been done by its predecessor.
    this.#connectedAtMs = Date.now();
    this.#messages = await consumer.consume({
      bind: true,
      max_messages: maxHeld,
      callback: (message) => this.#take(new Delivery(message, this.#pauses, this.#connectedAtMs)),
    });
    this.#timer = setInterval(() => {
      for (const delivery of this.#held.values()) delivery.inProgress();
    }, ackWaitMs / 3).unref();
    void this.#watchConnection();
    return this;
  }

  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === "reconnect") this.#connectedAtMs = Date.now();
    }
  }

  /** Takes no more and waits until what is held is settled, `timeoutMs` at most; then gives back the rest. */
  async stop(timeoutMs = 10_000): Promise<void> {
    this.#messages?.stop();
    if (this.#held.size > 0 && timeoutMs > 0) {
      const idle = Promise.withResolvers<void>();
      this.#idle = idle.resolve;
      const timer = setTimeout(idle.resolve, timeoutMs);
      await idle.promise;
      clearTimeout(timer);
    }
    clearInterval(this.#timer);
    this.#pauses.stop();
    for (const delivery of this.#held.values()) delivery.nak(0);
    this.#held.clear();
  }

  #take(delivery: Delivery): void {
    const held = this.#held.get(delivery.sequence);
    if (held !== undefined) {
      // A server that was killed forgets what it delivered last.
      held.renew(delivery);
      return;
    }
    this.#held.set(delivery.sequence, delivery);
    if (delivery.deliveries > this.#options.maxDeliveries) {
      void this.#deadLetter(delivery, this.#lastErrors.get(delivery.sequence));
      return;
    }
    let done: Promise<void> | undefined;
    try {
      done = this.#options.handle(delivery);
    } catch (thrown) {
      this.#failed(delivery, thrown);
      return;
    }
    if (done === undefined) this.#finished(delivery);
    else
      done.then(
        () => this.#finished(delivery),
        (thrown) => this.#failed(delivery, thrown),
      );
  }

  #finished(delivery: Delivery): void {
    delivery.ack();
    this.#lastErrors.delete(delivery.sequence);
    this.#release(delivery);
  }

  #failed(delivery: Delivery, thrown: unknown): void {
    const error = asDspexError(thrown);
    this.#options.onError(error, delivery);
    if (HOPELESS.has(error.code)) {
      void this.#deadLetter(delivery, error);
      return;
    }
    this.#lastErrors.set(delivery.sequence, error);
    if (this.#lastErrors.size > 1_000)
      this.#lastErrors.delete(this.#lastErrors.keys().next().value as number);
    delivery.nak(error.retryAfterMs ?? Math.min(NAK_BASE_MS * 2 ** (delivery.deliveries - 1), NAK_MAX_MS));
    this.#release(delivery);
  }

  async #deadLetter(delivery: Delivery, error: DspexError | undefined): Promise<void> {
    try {
      await this.#options.onDeadLetter(delivery, error);
      delivery.term("it is a dead letter");
      this.#lastErrors.delete(delivery.sequence);
    } catch (thrown) {
      // Not stored: it stays in the consumer and comes back.
      this.#options.onError(asDspexError(thrown), delivery);
      delivery.nak(NAK_MAX_MS);
    }
    this.#release(delivery);
  }

  #release(delivery: Delivery): void {
    this.#held.delete(delivery.sequence);
    if (this.#held.size === 0) this.#idle?.();
  }
}
