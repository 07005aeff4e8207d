// One door to core NATS: how every part connects. Reconnects for ever, because losing the server must stop
// nothing for good.

import { headers, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { DspexError } from "../../schemas/errors.ts";

export type { Msg, MsgHdrs, NatsConnection, Subscription } from "@nats-io/nats-core";

/** Empty message headers; with a status they are those of a message that is no data. */
export function createHeaders(status = 0, description = ""): MsgHdrs {
  return headers(status, description);
}

export interface BusOptions {
  /** `nats://host:port`, several separated by commas. */
  url: string;
  user?: string | undefined;
  password?: string | undefined;
  /** Shown by the server's monitoring; the part or the program that connects. */
  name: string;
  /** Parts may use only their own prefix, `_INBOX_<role>`; users the default. */
  inboxPrefix?: string | undefined;
  /** Give up the first connect at once when the server is not there (command line), else keep trying. */
  failFast?: boolean;
}

/**
 * Connects to NATS.
 * @throws DspexError `unavailable` when the server is not reachable and `failFast`, `not_allowed` on bad credentials.
 */
export async function connectBus(options: BusOptions): Promise<NatsConnection> {
  try {
    const connection = await connect({
      servers: options.url.split(","),
      name: options.name,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      waitOnFirstConnect: options.failFast !== true,
      ignoreAuthErrorAbort: true,
      // An Error object for its stack on each request costs more than half of the throughput.
      noAsyncTraces: true,
      // Two missed pings of 10 s: a server that vanished without a word is noticed within half a minute.
      pingInterval: 10_000,
      ...(options.inboxPrefix !== undefined && { inboxPrefix: options.inboxPrefix }),
      ...(options.user !== undefined && { user: options.user }),
      ...(options.password !== undefined && { pass: options.password }),
    });
    return thatEnds(withSafeCallbacks(connection));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (/authori[sz]ation/i.test(message)) {
      throw new DspexError(
        "not_allowed",
        `${options.url} refused user ${JSON.stringify(options.user ?? "")}`,
        { cause },
      );
    }
    throw new DspexError("unavailable", `cannot connect to NATS at ${options.url}: ${message}`, { cause });
  }
}

/**
 * What a callback throws would end the reading of the whole connection, unnoticed until its pings are missed: one
 * message that somebody did not expect must not make a part deaf.
 */
function withSafeCallbacks(connection: NatsConnection): NatsConnection {
  const subscribe = connection.subscribe.bind(connection);
  connection.subscribe = (subject, options) => {
    const callback = options?.callback;
    if (callback === undefined) return subscribe(subject, options);
    return subscribe(subject, {
      ...options,
      callback: (error, message) => {
        try {
          return callback(error, message);
        } catch (thrown) {
          process.emitWarning(`a message on ${message.subject} was not understood: ${String(thrown)}`);
        }
      },
    });
  };
  return connection;
}

/**
 * Without a server there is nothing to finish: the library then refuses to drain and goes on looking for the server,
 * which keeps alive a process that was told to stop.
 */
function thatEnds(connection: NatsConnection): NatsConnection {
  const drain = connection.drain.bind(connection);
  connection.drain = () => drain().catch(() => connection.close());
  return connection;
}

/** The inbox prefix of a part's role. */
export function roleInboxPrefix(role: string): string {
  return `_INBOX_${role}`;
}
