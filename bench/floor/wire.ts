// The floor: what JetStream itself gives to the two messages that every durable request must store, written as one
// would write it by hand. Shares no line with DSPex. Its own stream, subjects and account.
//
//   client ─▶ floor.request ─▶ FLOOR ─▶ durable pull ─▶ worker ─▶ floor.result.<id> (only if it is the first) ─▶ FLOOR
//     ▲                                                   └─ PubAck of the result ─▶ acknowledges the request
//     └────────────────────── floor-live.result.<id> ◀── republished ──────────────────────────┘

// biome-ignore lint/style/noRestrictedImports: the floor is measured without the doors that it is compared with
import { headers, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core";
// biome-ignore lint/style/noRestrictedImports: the floor is measured without the doors that it is compared with
import { connect } from "@nats-io/transport-node";

export const STREAM = "FLOOR";
export const WORKER = "worker";
export const REQUEST_SUBJECT = "floor.request";
export const RESULT_PREFIX = "floor.result.";
export const LIVE_PREFIX = "floor-live.result.";

export interface FloorSettings {
  url: string;
  user: string;
  password: string;
}

export interface FloorRequest {
  id: string;
  text: string;
  /** Makes the message as long as another system's. */
  padding?: string;
}
export interface FloorResult {
  id: string;
  echo: string;
  padding?: string;
}

export function connectFloor({ url, user, password }: FloorSettings): Promise<NatsConnection> {
  return connect({ servers: url, user, pass: password, noAsyncTraces: true });
}

type Stored = (error: Error | undefined) => void;

/** Publishes over one shared ack inbox and looks at every ack. */
export class RawPublisher {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #pending = new Map<number, Stored>();
  #next = 1;

  constructor(connection: NatsConnection, inbox: string) {
    this.#connection = connection;
    this.#inbox = inbox;
    connection.subscribe(`${inbox}.*`, { callback: (_error, message) => this.#onAck(message) });
  }

  publish(subject: string, body: string, onStored: Stored, withHeaders?: MsgHdrs): void {
    const n = this.#next++;
    this.#pending.set(n, onStored);
    const reply = `${this.#inbox}.${n}`;
    this.#connection.publish(
      subject,
      body,
      withHeaders === undefined ? { reply } : { reply, headers: withHeaders },
    );
  }

  #onAck(message: Msg): void {
    const n = Number(message.subject.slice(this.#inbox.length + 1));
    const onStored = this.#pending.get(n);
    if (onStored === undefined) return;
    this.#pending.delete(n);
    const ack = message.json() as { seq?: number; error?: { description: string } };
    onStored(ack.seq === undefined ? new Error(ack.error?.description ?? "not stored") : undefined);
  }
}

/** Stored only if the result's subject has no message yet. */
export function firstOnly(): MsgHdrs {
  const first = headers();
  first.set("Nats-Expected-Last-Subject-Sequence", "0");
  return first;
}
