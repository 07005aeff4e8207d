// What a delivered message says of itself in its reply subject. The library's own reading makes twelve strings and an
// object of ten members of it, for each message of the log.
//
//   $JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<sequence>.<order>.<ns since 1970>.<pending>[.<random>]

import type { JsMsg } from "@nats-io/jetstream";

export interface DeliveryInfo {
  /** 1 = first time. */
  deliveries: number;
  /** In the stream. */
  sequence: number;
  /** Of its deliveries by the consumer: the next one has the next number. */
  order: number;
  /** The log's timestamp, ms since 1970. */
  timeMs: number;
  /** What the consumer has after it. */
  pending: number;
}

const DOTS_WITHOUT_DOMAIN = 8;
const MOST_DOTS = 11;
const dots = new Int32Array(MOST_DOTS);

export function deliveryInfo(message: JsMsg): DeliveryInfo {
  // The class has it, its type does not promise it.
  const { reply } = message as { reply?: unknown };
  const info = typeof reply === "string" ? infoIn(reply) : undefined;
  if (info !== undefined) return info;
  const { deliveryCount, streamSequence, deliverySequence, timestampNanos, pending } = message.info;
  return {
    deliveries: deliveryCount,
    sequence: streamSequence,
    order: deliverySequence,
    timeMs: millisOf(timestampNanos),
    pending,
  };
}

/** Undefined for a subject of another form: a later server's. */
export function infoIn(reply: string): DeliveryInfo | undefined {
  let count = 0;
  for (let at = reply.indexOf("."); at !== -1; at = reply.indexOf(".", at + 1)) {
    if (count === MOST_DOTS) return undefined;
    dots[count++] = at;
  }
  if (count < DOTS_WITHOUT_DOMAIN || count === DOTS_WITHOUT_DOMAIN + 1) return undefined;
  const first = count === DOTS_WITHOUT_DOMAIN ? 3 : 5;
  const end = (n: number): number => (first + n < count ? (dots[first + n] as number) : reply.length);
  return {
    deliveries: wholeIn(reply, end(0) + 1, end(1)),
    sequence: wholeIn(reply, end(1) + 1, end(2)),
    order: wholeIn(reply, end(2) + 1, end(3)),
    timeMs: millisOf(Number(reply.slice(end(3) + 1, end(4)))),
    pending: wholeIn(reply, end(4) + 1, end(5)),
  };
}

/** Digits, of a number below 2^53. */
function wholeIn(text: string, from: number, to: number): number {
  let whole = 0;
  for (let at = from; at < to; at++) whole = whole * 10 + text.charCodeAt(at) - 0x30;
  return whole;
}

function millisOf(nanos: number): number {
  return Math.floor(nanos / 1e6);
}
