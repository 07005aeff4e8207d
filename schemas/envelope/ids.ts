// Ids of requests: `<user>.<connection>.<n>`, `<user>.x.<chosen>`, `<user>.log.<sequence>` and the ids that parts
// make for their users (`p`, `o`, `t`). The id is the tail of the result's subject, so it is three tokens.

import { isToken, RESERVED_TOKENS } from "../subjects.ts";

export type RequestId =
  /** From a client's connection: `n` counts up from 1. */
  | { kind: "connection"; user: string; connection: string; n: number }
  /** Chosen by the caller. */
  | { kind: "chosen"; user: string; key: string }
  /** Given by the log to a request that brought none. */
  | { kind: "log"; user: string; sequence: number }
  /** Made by pipelines (`p`), optimisations (`o`) and tool calls (`t`). */
  | { kind: "derived"; user: string; maker: "p" | "o" | "t"; key: string };

const MAX_TOKEN = 64;
const MAX_DIGITS = 16;
const DOT = 0x2e;
/** Which characters a token may have, by their code. Each message of the log has an id: patterns would take twice the time. */
const IN_TOKEN = new Uint8Array(128);
for (const one of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
  IN_TOKEN[one.charCodeAt(0)] = 1;

/** Undefined when `id` is not an id. */
export function parseRequestId(id: string): RequestId | undefined {
  const first = tokenEnd(id, 0);
  if (first < 0 || id.charCodeAt(first) !== DOT) return undefined;
  const second = tokenEnd(id, first + 1);
  if (second < 0 || id.charCodeAt(second) !== DOT) return undefined;
  if (tokenEnd(id, second + 1) !== id.length) return undefined;
  const user = id.slice(0, first);
  const middle = id.slice(first + 1, second);
  const last = id.slice(second + 1);
  if (middle === "x") return { kind: "chosen", user, key: last };
  if (middle === "p" || middle === "o" || middle === "t")
    return { kind: "derived", user, maker: middle, key: last };
  if (!isCount(last)) return undefined;
  if (middle === "log") return { kind: "log", user, sequence: Number(last) };
  if (RESERVED_TOKENS.has(middle)) return undefined;
  return { kind: "connection", user, connection: middle, n: Number(last) };
}

/** Where the token ends that begins at `from`; −1 when none does. */
function tokenEnd(id: string, from: number): number {
  let at = from;
  for (; at < id.length; at++) {
    const code = id.charCodeAt(at);
    if (code >= IN_TOKEN.length || IN_TOKEN[code] === 0) break;
  }
  return at > from && at - from <= MAX_TOKEN ? at : -1;
}

/** Digits alone, the first no 0. */
function isCount(text: string): boolean {
  if (text.length > MAX_DIGITS || text.charCodeAt(0) === 0x30) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

export function connectionRequestId(user: string, connection: string, n: number): string {
  return `${user}.${connection}.${n}`;
}
export function chosenRequestId(user: string, key: string): string {
  return `${user}.x.${key}`;
}
export function logRequestId(user: string, sequence: number): string {
  return `${user}.log.${sequence}`;
}

/** The full id for what a caller wrote in `Dspex-Id` or `id`: a full id of that user, or a chosen key. */
export function resolveRequestId(user: string, given: string): string | undefined {
  if (!given.includes(".") && isToken(given)) return chosenRequestId(user, given);
  const parsed = parseRequestId(given);
  // Only the log itself gives out `log` ids: a caller's would collide with another request's.
  return parsed !== undefined && parsed.user === user && parsed.kind !== "log" ? given : undefined;
}
