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

const COUNT = /^[1-9][0-9]{0,15}$/;

/** Undefined when `id` is not an id. */
export function parseRequestId(id: string): RequestId | undefined {
  const parts = id.split(".");
  if (parts.length !== 3) return undefined;
  const [user, second, third] = parts as [string, string, string];
  if (!isToken(user) || !isToken(second) || !isToken(third)) return undefined;
  if (second === "x") return { kind: "chosen", user, key: third };
  if (second === "p" || second === "o" || second === "t")
    return { kind: "derived", user, maker: second, key: third };
  if (!COUNT.test(third)) return undefined;
  if (second === "log") return { kind: "log", user, sequence: Number(third) };
  if (RESERVED_TOKENS.has(second)) return undefined;
  return { kind: "connection", user, connection: second, n: Number(third) };
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
  if (isToken(given)) return chosenRequestId(user, given);
  const parsed = parseRequestId(given);
  // Only the log itself gives out `log` ids: a caller's would collide with another request's.
  return parsed !== undefined && parsed.user === user && parsed.kind !== "log" ? given : undefined;
}
