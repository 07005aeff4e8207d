// Results that exist, results to wait for, and cancellations: what a user may do with an id.

import { randomUUID } from "node:crypto";
import { cloudEvent } from "../../schemas/envelope/cloud-event.ts";
import { HEADER } from "../../schemas/envelope/headers.ts";
import { stringifyJson } from "../../schemas/envelope/json.ts";
import { DspexError } from "../../schemas/errors.ts";
import { MAX_DEADLINE_MS } from "../../schemas/limits.ts";
import { REQUEST_EVENTS } from "../../schemas/messages/request-event.ts";
import { requestEventSubject } from "../../schemas/subjects.ts";
import type { Appender } from "../bus/append.ts";
import type { Answer, ApiRequest } from "../bus/micro-service.ts";
import type { RequestLookup } from "./lookup.ts";

/** `result.<id>`: the stored result, or `{status: "pending"}` after `Dspex-Wait-Ms`. */
export async function answerResult(request: ApiRequest, lookup: RequestLookup): Promise<Answer> {
  const id = lookup.ownId(request.user, request.tokens.slice(1));
  const stored = await lookup.storedResult(id);
  if (stored !== undefined) return { body: stored.result };
  if ((await lookup.open(id)) === undefined) {
    // It may have been answered between the two looks.
    const late = await lookup.storedResult(id);
    if (late !== undefined) return { body: late.result };
    throw new DspexError("not_found", `no request ${JSON.stringify(id)}`);
  }
  const waitMs = Math.min(Number(request.header(HEADER.waitMs) ?? 0), MAX_DEADLINE_MS);
  if (!(waitMs > 0)) return { body: { status: "pending" } };
  const found = await lookup.awaitResult(id, waitMs);
  return { body: found?.result ?? { status: "pending" } };
}

/** `cancel.<id>`: records the wish; the router acts on it. What is finished keeps its status. */
export async function answerCancel(
  request: ApiRequest,
  lookup: RequestLookup,
  appender: Appender,
  source: string,
): Promise<Answer> {
  const id = lookup.ownId(request.user, request.tokens.slice(1));
  const stored = await lookup.storedResult(id);
  if (stored !== undefined) return { body: { status: stored.result.status } };
  if ((await lookup.open(id)) === undefined)
    throw new DspexError("not_found", `no request ${JSON.stringify(id)}`);
  const { type } = REQUEST_EVENTS["cancel-requested"];
  const event = cloudEvent(type, source, randomUUID(), new Date().toISOString(), { id });
  await appender.append(requestEventSubject("cancel-requested"), stringifyJson(event));
  return { body: { status: "cancel-requested" } };
}
